import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import secp256k1 from 'secp256k1';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { keccak256 } from './keccak.ts';

/** The node's one key, as its users see it: they can have signatures, never the key. */
export interface Signer {
  readonly id: NodeId;
  /** Compressed public key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** r ‖ s ‖ v over a 32-byte digest: 65 bytes, v 27 or 28, s in the lower half, nonce by RFC 6979. */
  signDigest(digest: Uint8Array): Uint8Array;
  /** ECDSA over the SHA-256 of a message, in DER: what the libp2p TLS extension carries (DESIGN §2). */
  signSha256(message: Uint8Array): Uint8Array;
}

/** Half the order of secp256k1; s above it is the malleable twin of a signature (EIP-2). */
const HALF_ORDER = Uint8Array.from(
  Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex'),
);

/**
 * Which build of the curve was loaded. The package falls back to JavaScript, about 28 times slower, without a word;
 * whoever starts a node says it aloud.
 */
export function signatureBackend(): 'native' | 'javascript' {
  try {
    createRequire(import.meta.url)('secp256k1/bindings.js');
    return 'native';
  } catch {
    return 'javascript';
  }
}

/** A signer over a 32-byte private key, which is copied: the caller may wipe its own. Throws `KEY_INVALID`. */
export function createSigner(privateKey: Uint8Array): Signer {
  if (privateKey.length !== 32 || !secp256k1.privateKeyVerify(privateKey)) throw new WayleaveError('KEY_INVALID');
  const key = Uint8Array.from(privateKey);
  const publicKey = secp256k1.publicKeyCreate(key, true);
  return {
    id: idOfPublicKey(publicKey),
    publicKey,
    signDigest(digest) {
      const { signature, recid } = secp256k1.ecdsaSign(digest, key);
      const packed = new Uint8Array(65);
      packed.set(signature);
      packed[64] = 27 + recid;
      return packed;
    },
    signSha256(message) {
      return secp256k1.signatureExport(secp256k1.ecdsaSign(sha256(message), key).signature);
    },
  };
}

/** Draws a private key from `randomBytes`; the draw is repeated in the 2⁻¹²⁸ case that it is not a valid scalar. */
export function generateKey(randomBytes: (count: number) => Uint8Array): Uint8Array {
  for (;;) {
    const key = randomBytes(32);
    if (secp256k1.privateKeyVerify(key)) return key;
  }
}

/** The node id (Ethereum address) of a public key, compressed or not. Throws `KEY_INVALID`. */
export function idOfPublicKey(publicKey: Uint8Array): NodeId {
  return addressOf(uncompressed(publicKey));
}

/**
 * Who signed a 32-byte digest with r ‖ s ‖ v; undefined for anything malformed: wrong length, v other than 27 and 28,
 * s in the upper half, or no point on the curve.
 */
export function recoverSigner(digest: Uint8Array, signature: Uint8Array): NodeId | undefined {
  const key = recoverKey(digest, signature);
  return key === undefined ? undefined : addressOf(key);
}

/** The key of who signed, uncompressed, 65 bytes; undefined where `recoverSigner` finds nobody. */
export function recoverKey(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const recid = recoveryOf(signature);
  if (recid === undefined || digest.length !== 32) return undefined;
  try {
    return secp256k1.ecdsaRecover(signature.subarray(0, 64), recid, digest, false);
  } catch {
    return undefined;
  }
}

/**
 * True when the holder of `key` (uncompressed is the quickest to read) made r and s over the digest. Which of 27 and 28 v
 * should be, it does not tell: recovery does. Never throws.
 */
export function verifyKnown(digest: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  if (recoveryOf(signature) === undefined || digest.length !== 32) return false;
  try {
    return secp256k1.ecdsaVerify(signature.subarray(0, 64), digest, key);
  } catch {
    return false;
  }
}

/**
 * True when `publicKey` (compressed) made the r ‖ s ‖ v signature over the digest. Never throws. It recovers instead of
 * verifying: verification ignores v, the contract does not, and a cheque with the wrong v would be believed here and
 * refused there. Saves the address hash of `recoverSigner`.
 */
export function verifyDigest(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const recid = recoveryOf(signature);
  if (recid === undefined || digest.length !== 32) return false;
  try {
    const recovered = secp256k1.ecdsaRecover(signature.subarray(0, 64), recid, digest, true);
    return Buffer.compare(recovered, publicKey) === 0;
  } catch {
    return false;
  }
}

/** Checks a DER signature over the SHA-256 of a message. False for anything malformed or in the upper half. Never throws. */
export function verifySha256(message: Uint8Array, der: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return secp256k1.ecdsaVerify(secp256k1.signatureImport(der), sha256(message), publicKey);
  } catch {
    return false;
  }
}

/** The recovery bit of a well-formed r ‖ s ‖ v, else undefined. */
function recoveryOf(signature: Uint8Array): number | undefined {
  if (signature.length !== 65) return undefined;
  const v = signature[64];
  if (v !== 27 && v !== 28) return undefined;
  return Buffer.compare(signature.subarray(32, 64), HALF_ORDER) > 0 ? undefined : v - 27;
}

function uncompressed(publicKey: Uint8Array): Uint8Array {
  try {
    return secp256k1.publicKeyConvert(publicKey, false);
  } catch (cause) {
    throw new WayleaveError('KEY_INVALID', {}, cause);
  }
}

/** The last 20 bytes of the Keccak of the point without its prefix (Ethereum yellow paper, appendix F). */
function addressOf(point: Uint8Array): NodeId {
  return `0x${Buffer.from(keccak256(point.subarray(1)).subarray(12)).toString('hex')}`;
}

function sha256(message: Uint8Array): Uint8Array {
  return createHash('sha256').update(message).digest();
}
