import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';
import { hashOfText, typedDataDigest, writeAddress, writeUint256 } from './eip712.ts';
import { keccak256 } from './keccak.ts';
import { recoverSigner, type Signer } from './signer.ts';

/** What the destination of a packet signs: that it arrived, with so much value left, and just these bytes. */
export interface ReceiptFacts {
  readonly destination: NodeId;
  /** 8 bytes. */
  readonly id: Uint8Array;
  readonly value: Units;
  readonly payload: Uint8Array;
}

const WORD_BYTES = 32;

/** A domain of its own, so that no receipt is ever a cheque or a statement. It moves no money: no chain is in it. */
const DOMAIN = keccak256(
  Buffer.concat([
    hashOfText('EIP712Domain(string name,string version)'),
    hashOfText('Wayleave Receipt'),
    hashOfText('1'),
  ]),
);
const TYPE_HASH = hashOfText('Receipt(address destination,bytes8 id,uint256 value,bytes payload)');

/** The 32 bytes to sign (EIP-712). Throws `NODE_ID_INVALID`, and `AMOUNT_INVALID` for a value that is no amount. */
export function receiptDigest({ destination, id, value, payload }: ReceiptFacts): Uint8Array {
  const words = new Uint8Array(5 * WORD_BYTES);
  words.set(TYPE_HASH);
  writeAddress(words, WORD_BYTES, destination);
  words.set(id, 2 * WORD_BYTES);
  writeUint256(words, 3 * WORD_BYTES, BigInt(value));
  words.set(keccak256(payload), 4 * WORD_BYTES);
  return typedDataDigest(DOMAIN, keccak256(words));
}

/** The destination's signature of its receipt: r ‖ s ‖ v. */
export function signReceipt(signer: Signer, facts: Omit<ReceiptFacts, 'destination'>): Uint8Array {
  return signer.signDigest(receiptDigest({ ...facts, destination: signer.id }));
}

/** True when the destination did sign it. Never throws for what came off the wire. */
export function isGenuineReceipt(facts: ReceiptFacts, signature: Uint8Array): boolean {
  return recoverSigner(receiptDigest(facts), signature) === facts.destination;
}
