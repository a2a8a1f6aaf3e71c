import { createHash, X509Certificate } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import secp256k1 from 'secp256k1';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type CertificateFields, readCertificateFields } from './certificate-fields.ts';
import { oidBytes } from './der.ts';
import { parseSignedKey } from './signed-key.ts';

/**
 * Identity in a TLS certificate, as in the libp2p TLS specification: the certificate is made for one run of the node
 * and signed by its own key; an extension carries the node's lasting key and its signature over the certificate's key.
 */
export const IDENTITY_OID = '1.3.6.1.4.1.53594.1.1';

/** What the node's key signs, before the certificate's public key (SubjectPublicKeyInfo, DER). */
export const HANDSHAKE_PREFIX = 'libp2p-tls-handshake:';

const hexOfOid = (dotted: string): string => Buffer.from(oidBytes(dotted)).toString('hex');
const IDENTITY_OID_HEX = hexOfOid(IDENTITY_OID);

/** Critical extensions that may stand in a certificate beside ours: basic constraints, key usage, extended key usage. */
const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  IDENTITY_OID_HEX,
  ...['2.5.29.19', '2.5.29.15', '2.5.29.37'].map(hexOfOid),
]);

/** No honest certificate comes near this; it bounds the work of parsing. Bytes. */
const MAX_CERTIFICATE_BYTES = 4096;

export interface PeerIdentity {
  readonly id: NodeId;
  /** Compressed, 33 bytes. */
  readonly key: Uint8Array;
}

/** Who a certificate (DER) belongs to. Throws `LINK_UNPROVEN`, with the broken rule as `reason`. */
export function verifyCertificate(der: Uint8Array, wallMs: number): PeerIdentity {
  if (der.length > MAX_CERTIFICATE_BYTES) throw unproven('too large');
  const certificate = parse(der);
  if (wallMs < certificate.notBeforeMs) throw unproven('not yet valid');
  if (wallMs > certificate.notAfterMs) throw unproven('expired');
  for (const { oidHex, critical } of certificate.extensions) {
    if (critical && !KNOWN_CRITICAL.has(oidHex)) throw unproven('unknown critical extension');
  }
  requireSelfSigned(der, certificate.publicKey);
  const own = certificate.extensions.filter(({ oidHex }) => oidHex === IDENTITY_OID_HEX);
  if (own.length !== 1 || own[0] === undefined) throw unproven('no identity extension');
  const signed = parseSignedKey(own[0].value);
  if (signed === undefined) throw unproven('malformed identity extension');
  return proven(signed.key, signed.signature, certificate.publicKey);
}

/** The node id of a compressed key: its Ethereum address. Throws `LINK_UNPROVEN` for a point off the curve. */
export function idOfKey(key: Uint8Array): NodeId {
  let point: Uint8Array;
  try {
    point = secp256k1.publicKeyConvert(key, false);
  } catch (cause) {
    throw unproven('key not on the curve', cause);
  }
  return `0x${Buffer.from(keccak_256(point.subarray(1)).subarray(12)).toString('hex')}`;
}

function proven(key: Uint8Array, signature: Uint8Array, certificateKey: Uint8Array): PeerIdentity {
  const id = idOfKey(key);
  const digest = createHash('sha256').update(HANDSHAKE_PREFIX).update(certificateKey).digest();
  let valid = false;
  try {
    // normalised: the twin of a signature proves possession just as well, and other implementations may send it
    valid = secp256k1.ecdsaVerify(secp256k1.signatureNormalize(secp256k1.signatureImport(signature)), digest, key);
  } catch (cause) {
    throw unproven('malformed signature', cause);
  }
  if (!valid) throw unproven('wrong signature');
  return { id, key };
}

function parse(der: Uint8Array): CertificateFields {
  try {
    return readCertificateFields(der);
  } catch (cause) {
    throw unproven('malformed certificate', cause);
  }
}

/**
 * OpenSSL's reading must come to the same bytes and the same key: it is OpenSSL that TLS believes, and a certificate
 * that two readers understand differently could show the proof of someone else's key.
 */
function requireSelfSigned(der: Uint8Array, key: Uint8Array): void {
  let valid = false;
  try {
    // finds a certificate in PEM anywhere within the bytes, too
    const certificate = new X509Certificate(der);
    if (!certificate.raw.equals(der)) throw new Error('another certificate within');
    const { publicKey } = certificate;
    if (!publicKey.export({ type: 'spki', format: 'der' }).equals(key)) throw new Error('key not in its one form');
    valid = certificate.verify(publicKey);
  } catch (cause) {
    throw unproven('malformed certificate', cause);
  }
  if (!valid) throw unproven('not self-signed');
}

function unproven(reason: string, cause?: unknown): WayleaveError {
  return new WayleaveError('LINK_UNPROVEN', { reason }, cause);
}
