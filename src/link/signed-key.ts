import { DerReader, encodeDer, TAG } from './der.ts';

/**
 * The content of the libp2p identity extension, for secp256k1 keys only:
 * `SEQUENCE { OCTET STRING publicKey, OCTET STRING signature }`, where publicKey is the protobuf message
 * `{ Type = 1: Secp256k1 (2), Data = 2: 33 bytes }`.
 */
export interface SignedKey {
  /** Compressed, 33 bytes. */
  readonly key: Uint8Array;
  /** ECDSA in DER. */
  readonly signature: Uint8Array;
}

/** Field 1 = 2, field 2 = 33 bytes. The specification fixes the encoding, so there is one way to write it. */
const KEY_PREFIX = Uint8Array.of(0x08, 0x02, 0x12, 0x21);
const KEY_BYTES = 33;

export function encodeSignedKey({ key, signature }: SignedKey): Uint8Array {
  const publicKey = Buffer.concat([KEY_PREFIX, key]);
  return encodeDer(TAG.sequence, encodeDer(TAG.octetString, publicKey), encodeDer(TAG.octetString, signature));
}

/** Undefined for anything but exactly this structure. */
export function parseSignedKey(bytes: Uint8Array): SignedKey | undefined {
  const fields = readFields(bytes);
  if (fields === undefined) return undefined;
  const { publicKey, signature } = fields;
  if (publicKey.length !== KEY_PREFIX.length + KEY_BYTES) return undefined;
  if (KEY_PREFIX.some((byte, index) => publicKey[index] !== byte)) return undefined;
  return { key: Uint8Array.from(publicKey.subarray(KEY_PREFIX.length)), signature: Uint8Array.from(signature) };
}

function readFields(bytes: Uint8Array): { publicKey: Uint8Array; signature: Uint8Array } | undefined {
  try {
    const outer = new DerReader(bytes);
    const pair = outer.enter(TAG.sequence);
    outer.end();
    const publicKey = pair.read(TAG.octetString);
    const signature = pair.read(TAG.octetString);
    pair.end();
    return { publicKey, signature };
  } catch {
    return undefined;
  }
}
