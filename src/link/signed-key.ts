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

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
/** Field 1 = 2, field 2 = 33 bytes. The specification fixes the encoding, so there is one way to write it. */
const KEY_PREFIX = Uint8Array.of(0x08, 0x02, 0x12, 0x21);
const KEY_BYTES = 33;

export function encodeSignedKey({ key, signature }: SignedKey): Uint8Array {
  const publicKey = Buffer.concat([KEY_PREFIX, key]);
  return wrap(SEQUENCE, Buffer.concat([wrap(OCTET_STRING, publicKey), wrap(OCTET_STRING, signature)]));
}

/** Undefined for anything but exactly this structure. */
export function parseSignedKey(bytes: Uint8Array): SignedKey | undefined {
  const outer = unwrap(SEQUENCE, bytes);
  if (outer === undefined || outer.rest.length > 0) return undefined;
  const publicKey = unwrap(OCTET_STRING, outer.content);
  if (publicKey === undefined) return undefined;
  const signature = unwrap(OCTET_STRING, publicKey.rest);
  if (signature === undefined || signature.rest.length > 0) return undefined;
  const encoded = publicKey.content;
  if (encoded.length !== KEY_PREFIX.length + KEY_BYTES) return undefined;
  if (KEY_PREFIX.some((byte, index) => encoded[index] !== byte)) return undefined;
  return { key: Uint8Array.from(encoded.subarray(KEY_PREFIX.length)), signature: Uint8Array.from(signature.content) };
}

function wrap(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(head), content]);
}

/** One DER element with a definite length of at most two bytes. */
function unwrap(tag: number, bytes: Uint8Array): { content: Uint8Array; rest: Uint8Array } | undefined {
  const first = bytes[1];
  if (bytes[0] !== tag || first === undefined) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  if (lengthBytes > 2 || (first >= 0x80 && lengthBytes === 0) || bytes.length < 2 + lengthBytes) return undefined;
  let length = lengthBytes === 0 ? first : 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[2 + i] ?? 0);
  const start = 2 + lengthBytes;
  const shortest = lengthBytes === 0 || length >= (lengthBytes === 1 ? 0x80 : 0x100);
  if (!shortest || bytes.length < start + length) return undefined;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
