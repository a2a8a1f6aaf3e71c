import type { NodeId } from '../core/node-id.ts';
import type { Cheque, SignedCheque } from '../core/settlement/cheque.ts';
import { chequeDigest } from './eip712.ts';
import { recoverSigner, type Signer, verifyDigest } from './signer.ts';

/** Signs a cheque as the issuer of its chequebook. Throws `NODE_ID_INVALID`, `AMOUNT_INVALID` for fields out of range. */
export function signCheque(signer: Signer, chainId: number, cheque: Cheque): SignedCheque {
  const { chequebook, beneficiary, cumulativeWei } = cheque;
  const signature = signer.signDigest(chequeDigest(chainId, cheque));
  return { chequebook, beneficiary, cumulativeWei, signature };
}

/**
 * Who signed a cheque; undefined when the signature is malformed (the contract would refuse it too). Fields out of
 * range throw as in `signCheque`: a decoder must have refused them before.
 */
export function recoverChequeIssuer(chainId: number, cheque: SignedCheque): NodeId | undefined {
  return recoverSigner(chequeDigest(chainId, cheque), cheque.signature);
}

/**
 * True when `issuer` signed the cheque and the contract will agree. `issuer` is a node id, or, a little cheaper, the
 * compressed public key remembered from the handshake. Fields out of range throw as in `signCheque`.
 */
export function verifyCheque(chainId: number, cheque: SignedCheque, issuer: NodeId | Uint8Array): boolean {
  if (typeof issuer === 'string') return recoverChequeIssuer(chainId, cheque) === issuer;
  return verifyDigest(chequeDigest(chainId, cheque), cheque.signature, issuer);
}
