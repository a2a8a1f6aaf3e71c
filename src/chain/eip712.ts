import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { Cheque } from '../core/settlement/cheque.ts';
import { keccak256 } from './keccak.ts';

/**
 * The digest a cheque's issuer signs, packed at fixed offsets (EIP-712). Type and domain are Swarm's, exactly: there is
 * no `verifyingContract`, since the chequebook's address stands inside the cheque. viem is the oracle in the tests.
 */

const MAX_UINT256 = 2n ** 256n - 1n;

/** Domain: type hash, name, version, chain id. */
const DOMAIN_WORDS = 4;
/** Cheque: type hash, chequebook, beneficiary, cumulative payout. */
const CHEQUE_WORDS = 4;
const WORD_BYTES = 32;

export const hashOfText = (text: string): Uint8Array => keccak256(new TextEncoder().encode(text));

const DOMAIN_TYPE_HASH = hashOfText('EIP712Domain(string name,string version,uint256 chainId)');
const NAME_HASH = hashOfText('Chequebook');
const VERSION_HASH = hashOfText('1.0');
export const CHEQUE_TYPE_HASH = hashOfText('Cheque(address chequebook,address beneficiary,uint256 cumulativePayout)');

/** Separates cheques of one chain from those of another. `chainId` is a positive safe integer. */
export function chequeDomain(chainId: number): Uint8Array {
  if (!Number.isSafeInteger(chainId) || chainId <= 0) throw new WayleaveError('AMOUNT_INVALID', { chainId });
  const words = new Uint8Array(DOMAIN_WORDS * WORD_BYTES);
  words.set(DOMAIN_TYPE_HASH);
  words.set(NAME_HASH, WORD_BYTES);
  words.set(VERSION_HASH, 2 * WORD_BYTES);
  writeUint256(words, 3 * WORD_BYTES, BigInt(chainId));
  return keccak256(words);
}

/** A node settles on one chain: its domain is worked out once, which spares a third of the hashing of every cheque. */
let lastDomain: { readonly chainId: number; readonly domain: Uint8Array } | undefined;

function domainOf(chainId: number): Uint8Array {
  if (lastDomain?.chainId !== chainId) lastDomain = { chainId, domain: chequeDomain(chainId) };
  return lastDomain.domain;
}

/**
 * The 32 bytes to sign for a cheque on a chain. Throws `NODE_ID_INVALID` for malformed addresses, `AMOUNT_INVALID` for
 * a payout outside 0 … 2²⁵⁶−1 or a chain id that is not a positive safe integer.
 */
export function chequeDigest(chainId: number, cheque: Cheque): Uint8Array {
  writeAddress(chequeWords, WORD_BYTES, cheque.chequebook);
  writeAddress(chequeWords, 2 * WORD_BYTES, cheque.beneficiary);
  writeUint256(chequeWords, 3 * WORD_BYTES, cheque.cumulativeWei);
  return typedDataDigest(domainOf(chainId), keccak256(chequeWords));
}

/** Written anew for each cheque, all but the first word. */
const chequeWords = new Uint8Array(CHEQUE_WORDS * WORD_BYTES);
chequeWords.set(CHEQUE_TYPE_HASH);

/** The digest of a typed message: 0x1901, domain separator, hash of the struct (EIP-712). Both are 32 bytes. */
export function typedDataDigest(domain: Uint8Array, structHash: Uint8Array): Uint8Array {
  typedMessage.set(domain, 2);
  typedMessage.set(structHash, 2 + WORD_BYTES);
  return keccak256(typedMessage);
}

const typedMessage = Uint8Array.of(0x19, 0x01, ...new Uint8Array(2 * WORD_BYTES));

/** Writes an address into the low 20 bytes of the word at `offset`. Throws `NODE_ID_INVALID`. */
export function writeAddress(words: Uint8Array, offset: number, address: string): void {
  if (!isNodeId(address)) throw new WayleaveError('NODE_ID_INVALID', { id: address });
  let at = offset + WORD_BYTES - 20;
  for (let digit = 2; digit < address.length; digit += 2) {
    words[at++] = (valueOf(address.charCodeAt(digit)) << 4) | valueOf(address.charCodeAt(digit + 1));
  }
}

/** Of a hexadecimal digit in lower case. */
function valueOf(digit: number): number {
  return digit > 57 ? digit - 87 : digit - 48;
}

/** Writes a number into the word at `offset`, big-endian. Throws `AMOUNT_INVALID` outside 0 … 2²⁵⁶−1. */
export function writeUint256(words: Uint8Array, offset: number, value: bigint): void {
  if (value < 0n || value > MAX_UINT256) throw new WayleaveError('AMOUNT_INVALID', { value });
  const view = new DataView(words.buffer, words.byteOffset + offset, WORD_BYTES);
  let rest = value;
  for (let word = 0; word < 4; word += 1) {
    view.setBigUint64(24 - 8 * word, rest & 0xffffffffffffffffn);
    if (rest !== 0n) rest >>= 64n;
  }
}
