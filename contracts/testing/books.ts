import assert from 'node:assert/strict';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { type CompactSignature, compactSignature } from '../../src/chain/compact-signature.ts';
import type { Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { type Bench, bookCall, CHAIN_ID, DAY_S, factoryCall, type Hex, hexOf, issuer, owner, ZERO } from './bench.ts';

export interface BookTerms {
  readonly owner: NodeId;
  readonly issuer: NodeId;
  readonly token: NodeId;
  readonly freezeSeconds: number;
  readonly nonce: bigint;
}

/** Terms of a chequebook of `issuer` and `owner` that nobody has deployed yet. */
export function bookTerms(bench: Bench, change: Partial<BookTerms> = {}): BookTerms {
  const nonce = bench.nextNonce();
  return { owner, issuer: issuer.id, token: ZERO, freezeSeconds: DAY_S, nonce, ...change };
}

/** A chequebook with `amount` in it. */
export async function openBook(bench: Bench, amount = 0n, change: Partial<BookTerms> = {}): Promise<NodeId> {
  const terms = bookTerms(bench, change);
  const data = factoryCall('deployChequebook', [terms]);
  const { events } = await bench.must({ from: terms.issuer, to: bench.chain.factory, data });
  const book = events[0]?.args['chequebook'];
  assert.ok(typeof book === 'string');
  await bench.give(book, amount, terms.token);
  return book;
}

/** A cheque for `cashMany`, signed by the issuer unless by somebody else. */
export function cheque(drawnOn: NodeId, beneficiary: NodeId, cumulativePayout: bigint, by: Signer = issuer) {
  return { beneficiary, cumulativePayout, ...compact(signed(drawnOn, beneficiary, cumulativePayout, by)) };
}

/** Call data of a cheque to cash; signed by the issuer unless a signature is given. */
export function cashing(book: NodeId, beneficiary: NodeId, cumulative: bigint, signature?: Uint8Array): Hex {
  const bytes = signature ?? signed(book, beneficiary, cumulative, issuer);
  return bookCall('cash', [beneficiary, cumulative, hexOf(bytes)]);
}

export function compact(signature: Uint8Array): CompactSignature {
  const words = compactSignature(signature);
  assert.ok(words);
  return words;
}

export function signed(chequebook: NodeId, beneficiary: NodeId, cumulativeWei: bigint, by: Signer): Uint8Array {
  return signCheque(by, CHAIN_ID, { chequebook, beneficiary, cumulativeWei }).signature;
}
