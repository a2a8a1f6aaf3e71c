import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { SignedStatement, Statement } from '../core/statement/statement.ts';
import { keccak256 } from './keccak.ts';
import { recoverSigner, type Signer } from './signer.ts';

/**
 * The digest of a statement (EIP-712, typed data), packed at fixed offsets; viem is the oracle in the tests. The domain
 * has a name of its own, so that no signature over a statement is ever one over a cheque, or the other way round.
 */

const WORD_BYTES = 32;

const hashOfText = (text: string): Uint8Array => keccak256(new TextEncoder().encode(text));

const DOMAIN_TYPE_HASH = hashOfText('EIP712Domain(string name,string version,uint256 chainId)');
const NAME_HASH = hashOfText('Wayleave Statement');
const VERSION_HASH = hashOfText('1');
const TYPE_HASH = hashOfText(
  'Statement(address from,address to,uint256 storeEpoch,uint256 sequence,uint256 answers,' +
    'uint256[3] provided,uint256[3] consumed,int256[3] providedCorrection,int256[3] consumedCorrection,' +
    'uint256[3] providedBytes,uint256[3] consumedBytes,uint256 paid,uint256 received,' +
    'uint256 packetsSent,uint256 packetsReceived)',
);

/** Words of the body, by place; written anew for each statement. */
const BODY_WORDS = 16;
const body = new Uint8Array(BODY_WORDS * WORD_BYTES);
const totals = new Uint8Array(3 * WORD_BYTES);
const message = Uint8Array.of(0x19, 0x01, ...new Uint8Array(2 * WORD_BYTES));

/** Domains by chain: a node knows one, its simulation another. */
const domains = new Map<number, Uint8Array>();
const MOST_DOMAINS = 16;

/** Three zeros hashed: corrections nearly always are. */
const NO_TOTALS_HASH = keccak256(totals);

/** The 32 bytes to sign. Throws `NODE_ID_INVALID`, and `AMOUNT_INVALID` for what is no safe integer. */
export function statementDigest(statement: Statement): Uint8Array {
  const { provided, consumed, providedCorrection, consumedCorrection, providedBytes, consumedBytes } = statement;
  body.set(TYPE_HASH);
  putAddress(1, statement.from);
  putAddress(2, statement.to);
  putWord(body, 3, statement.storeEpoch);
  putWord(body, 4, statement.sequence);
  putWord(body, 5, statement.answers);
  putTotals(6, provided);
  putTotals(7, consumed);
  putTotals(8, providedCorrection);
  putTotals(9, consumedCorrection);
  putTotals(10, providedBytes);
  putTotals(11, consumedBytes);
  putWord(body, 12, statement.paid);
  putWord(body, 13, statement.received);
  putWord(body, 14, statement.packetsSent);
  putWord(body, 15, statement.packetsReceived);
  message.set(domainHash(statement.chainId), 2);
  message.set(keccak256(body), 2 + WORD_BYTES);
  return keccak256(message);
}

function domainHash(chainId: number): Uint8Array {
  const known = domains.get(chainId);
  if (known !== undefined) return known;
  const words = new Uint8Array(4 * WORD_BYTES);
  for (const [at, hash] of [DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH].entries()) words.set(hash, at * WORD_BYTES);
  putWord(words, 3, chainId);
  if (domains.size >= MOST_DOMAINS) domains.clear();
  const made = keccak256(words);
  domains.set(chainId, made);
  return made;
}

/** The statement with its signature. */
export function signStatement(signer: Signer, statement: Statement): SignedStatement {
  return { ...statement, signature: signer.signDigest(statementDigest(statement)) };
}

/** True when the node it names as its signer did sign it. Never throws. */
export function isGenuineStatement(statement: SignedStatement): boolean {
  return recoverSigner(statementDigest(statement), statement.signature) === statement.from;
}

function putTotals(at: number, [transit, chunks, packets]: readonly [number, number, number]): void {
  const none = transit === 0 && chunks === 0 && packets === 0;
  if (!none) {
    putWord(totals, 0, transit);
    putWord(totals, 1, chunks);
    putWord(totals, 2, packets);
  }
  body.set(none ? NO_TOTALS_HASH : keccak256(totals), at * WORD_BYTES);
}

function putAddress(at: number, id: string): void {
  if (!isNodeId(id)) throw new WayleaveError('NODE_ID_INVALID', { id });
  body.fill(0, at * WORD_BYTES, (at + 1) * WORD_BYTES - 20);
  body.set(Buffer.from(id.slice(2), 'hex'), (at + 1) * WORD_BYTES - 20);
}

/** A safe integer as 256 bits, two's complement. */
function putWord(words: Uint8Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new WayleaveError('AMOUNT_INVALID', { value });
  const end = (at + 1) * WORD_BYTES;
  words.fill(value < 0 ? 0xff : 0, at * WORD_BYTES, end - 8);
  // High and low halves: `>>> 0` and typed arrays take what is negative as two's complement.
  putHalf(words, end - 8, Math.floor(value / 2 ** 32));
  putHalf(words, end - 4, value >>> 0);
}

function putHalf(words: Uint8Array, at: number, half: number): void {
  words[at] = half >>> 24;
  words[at + 1] = half >>> 16;
  words[at + 2] = half >>> 8;
  words[at + 3] = half;
}
