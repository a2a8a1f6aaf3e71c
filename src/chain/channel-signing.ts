import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { hashOfText, typedDataDigest, writeAddress, writeUint256 } from './eip712.ts';
import { keccak256 } from './keccak.ts';
import { recoverSigner, type Signer } from './signer.ts';

/**
 * What both parties of a channel sign to reduce it (DESIGN §12). A payment needs no type of its own: it is a cheque drawn
 * on the channel (`signCheque`, the channel as chequebook, the other party's payee as beneficiary), signed by its payer
 * alone. viem is the oracle in the tests.
 */

/** One party: the key that signs for it, and where its money goes. */
export interface ChannelParty {
  readonly signer: NodeId;
  readonly payee: NodeId;
}

/** The two parties as the contract has them: the lower signer is `a`. */
export interface ChannelParties {
  readonly a: ChannelParty;
  readonly b: ChannelParty;
}

/** Closes at once by these totals, which may be lower than those signed before. Amounts are wei, or a token's smallest unit. */
export interface ChannelClose {
  readonly paidByAWei: bigint;
  readonly paidByBWei: bigint;
  /** Seconds since the epoch after which the contract refuses it. */
  readonly validUntilS: number;
}

/** Pays out early: all that was ever withdrawn by each, so that handing it in twice pays once. */
export interface ChannelWithdrawal {
  readonly withdrawnByAWei: bigint;
  readonly withdrawnByBWei: bigint;
  readonly validUntilS: number;
}

const WORD_BYTES = 32;
const NAME_HASH = hashOfText('Wayleave channel');
const VERSION_HASH = hashOfText('1');
const DOMAIN_TYPE_HASH = hashOfText(
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
);
const CLOSE_TYPE_HASH = hashOfText('Close(uint256 paidByA,uint256 paidByB,uint256 validUntil)');
const WITHDRAWAL_TYPE_HASH = hashOfText('Withdrawal(uint256 withdrawnByA,uint256 withdrawnByB,uint256 validUntil)');

/** Who is `a` and who is `b`: both ends find the same order, and so the same channel. */
export function orderParties(one: ChannelParty, other: ChannelParty): ChannelParties {
  return one.signer < other.signer ? { a: one, b: other } : { a: other, b: one };
}

/** The 32 bytes both sign to close. Throws `NODE_ID_INVALID`, `AMOUNT_INVALID` for fields out of range. */
export function closeDigest(chainId: number, channel: NodeId, close: ChannelClose): Uint8Array {
  const { paidByAWei, paidByBWei, validUntilS } = close;
  return agreementDigest(chainId, channel, [CLOSE_TYPE_HASH, paidByAWei, paidByBWei, validUntilS]);
}

/** The 32 bytes both sign to withdraw. Throws as `closeDigest`. */
export function withdrawalDigest(chainId: number, channel: NodeId, withdrawal: ChannelWithdrawal): Uint8Array {
  const { withdrawnByAWei, withdrawnByBWei, validUntilS } = withdrawal;
  return agreementDigest(chainId, channel, [WITHDRAWAL_TYPE_HASH, withdrawnByAWei, withdrawnByBWei, validUntilS]);
}

/** One party's signature of a close: r, s, v, 65 bytes. Throws as `closeDigest`. */
export function signClose(signer: Signer, chainId: number, channel: NodeId, close: ChannelClose): Uint8Array {
  return signer.signDigest(closeDigest(chainId, channel, close));
}

/** One party's signature of a withdrawal: r, s, v, 65 bytes. Throws as `closeDigest`. */
export function signWithdrawal(
  signer: Signer,
  chainId: number,
  channel: NodeId,
  withdrawal: ChannelWithdrawal,
): Uint8Array {
  return signer.signDigest(withdrawalDigest(chainId, channel, withdrawal));
}

/** Who signed a digest of the above; undefined for a malformed signature, which the contract would refuse too. */
export function recoverAgreementSigner(digest: Uint8Array, signature: Uint8Array): NodeId | undefined {
  return recoverSigner(digest, signature);
}

type Fields = readonly [typeHash: Uint8Array, ofA: bigint, ofB: bigint, validUntilS: number];

function agreementDigest(chainId: number, channel: NodeId, [typeHash, ofA, ofB, validUntilS]: Fields): Uint8Array {
  if (!Number.isSafeInteger(validUntilS)) throw new WayleaveError('AMOUNT_INVALID', { validUntilS });
  const words = new Uint8Array(4 * WORD_BYTES);
  words.set(typeHash);
  for (const [at, number] of [ofA, ofB, BigInt(validUntilS)].entries()) {
    writeUint256(words, (1 + at) * WORD_BYTES, number);
  }
  return typedDataDigest(channelDomain(chainId, channel), keccak256(words));
}

/** Here the contract is named in the domain, as EIP-712 would have it. */
function channelDomain(chainId: number, channel: NodeId): Uint8Array {
  if (!Number.isSafeInteger(chainId) || chainId <= 0) throw new WayleaveError('AMOUNT_INVALID', { chainId });
  const words = new Uint8Array(5 * WORD_BYTES);
  words.set(DOMAIN_TYPE_HASH);
  words.set(NAME_HASH, WORD_BYTES);
  words.set(VERSION_HASH, 2 * WORD_BYTES);
  writeUint256(words, 3 * WORD_BYTES, BigInt(chainId));
  writeAddress(words, 4 * WORD_BYTES, channel);
  return keccak256(words);
}
