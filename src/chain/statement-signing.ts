import { keccak_256 } from '@noble/hashes/sha3.js';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { SignedStatement, Statement } from '../core/statement.ts';
import { recoverSigner, type Signer } from './signer.ts';

/**
 * The digest of a statement (EIP-712, typed data), packed at fixed offsets; viem is the oracle in the tests. The domain
 * has a name of its own, so that no signature over a statement is ever one over a cheque, or the other way round.
 */

const WORD_BYTES = 32;

const hashOfText = (text: string): Uint8Array => keccak_256(new TextEncoder().encode(text));

const DOMAIN_TYPE_HASH = hashOfText('EIP712Domain(string name,string version,uint256 chainId)');
const NAME_HASH = hashOfText('Wayleave Statement');
const VERSION_HASH = hashOfText('1');
const TYPE_HASH = hashOfText(
  'Statement(address from,address to,uint256 storeEpoch,uint256 sequence,uint256 answers,' +
    'uint256[3] provided,uint256[3] consumed,int256[3] providedCorrection,int256[3] consumedCorrection,' +
    'uint256[3] providedBytes,uint256[3] consumedBytes,uint256 paid,uint256 received,' +
    'uint256 packetsSent,uint256 packetsReceived)',
);

/** The 32 bytes to sign. Throws `NODE_ID_INVALID`, and `AMOUNT_INVALID` for what is no safe integer. */
export function statementDigest(statement: Statement): Uint8Array {
  const { provided, consumed, providedCorrection, consumedCorrection, providedBytes, consumedBytes } = statement;
  const body = keccak_256(
    packed([
      TYPE_HASH,
      address(statement.from),
      address(statement.to),
      word(statement.storeEpoch),
      word(statement.sequence),
      word(statement.answers),
      ...[provided, consumed, providedCorrection, consumedCorrection, providedBytes, consumedBytes].map((total) =>
        keccak_256(packed(total.map(word))),
      ),
      word(statement.paid),
      word(statement.received),
      word(statement.packetsSent),
      word(statement.packetsReceived),
    ]),
  );
  const domain = keccak_256(packed([DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, word(statement.chainId)]));
  const message = new Uint8Array(2 + 2 * WORD_BYTES);
  message.set([0x19, 0x01]);
  message.set(domain, 2);
  message.set(body, 2 + WORD_BYTES);
  return keccak_256(message);
}

/** The statement with its signature. */
export function signStatement(signer: Signer, statement: Statement): SignedStatement {
  return { ...statement, signature: signer.signDigest(statementDigest(statement)) };
}

/** True when the node it names as its signer did sign it. Never throws. */
export function isGenuineStatement(statement: SignedStatement): boolean {
  return recoverSigner(statementDigest(statement), statement.signature) === statement.from;
}

function packed(words: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(words.length * WORD_BYTES);
  for (const [at, each] of words.entries()) bytes.set(each, at * WORD_BYTES);
  return bytes;
}

function address(id: string): Uint8Array {
  if (!isNodeId(id)) throw new WayleaveError('NODE_ID_INVALID', { id });
  const bytes = new Uint8Array(WORD_BYTES);
  bytes.set(Buffer.from(id.slice(2), 'hex'), WORD_BYTES - 20);
  return bytes;
}

/** A safe integer as 256 bits, two's complement. */
function word(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new WayleaveError('AMOUNT_INVALID', { value });
  const bytes = new Uint8Array(WORD_BYTES);
  if (value < 0) bytes.fill(0xff);
  new DataView(bytes.buffer).setBigInt64(WORD_BYTES - 8, BigInt(value));
  return bytes;
}
