/** `wayleave/chain`: chequebooks on an EVM chain, cheques signed and verified, node keys. */
export type {
  CashManyReceipt,
  CashReceipt,
  Chain,
  ChequebookFacts,
  ChequebookKind,
  ChequebookOrder,
  Receipt,
} from './chain.ts';
export { recoverChequeIssuer, signCheque, verifyCheque } from './cheque-signing.ts';
export { createEvmChain } from './evm-chain.ts';
export { createKeystore, openKeystore } from './keystore.ts';
export { createSigner, generateKey } from './signer.ts';
