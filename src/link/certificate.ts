import { generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { NodeId } from '../core/node-id.ts';
import { encodeDer, encodeTime, oidBytes, TAG } from './der.ts';
import { HANDSHAKE_PREFIX, IDENTITY_OID, idOfKey } from './identity.ts';
import { encodeSignedKey } from './signed-key.ts';

/** The node's lasting key, as a link needs it. */
export interface NodeKey {
  /** Compressed secp256k1 key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA over the SHA-256 of a message, in DER. */
  signSha256(message: Uint8Array): Uint8Array;
}

/** What a node shows at every handshake of one run. */
export interface Identity {
  readonly id: NodeId;
  readonly key: Uint8Array;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface ValidityOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** More extensions, for tests. */
  readonly extensions?: readonly CertificateExtension[];
}

export interface CertificateExtension {
  /** Dotted. */
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

const makeKeyPair = promisify(generateKeyPair);

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
/** Context tags of a TBSCertificate: the version, and the extensions. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** Version 3 is written 2. */
const VERSION_3 = Uint8Array.of(2);
const SERIAL = Uint8Array.of(1);

/**
 * The certificate's key dies with the process, so its dates protect nothing; these let routers without a clock, which
 * wake up in 1970, prove themselves and believe others.
 */
const ALWAYS: Required<Pick<ValidityOptions, 'notBefore' | 'notAfter'>> = {
  notBefore: new Date(0),
  notAfter: new Date('9999-12-31T23:59:59Z'),
};

/** Makes a key and a certificate that carries the node's identity. */
export async function makeIdentity(nodeKey: NodeKey, options: ValidityOptions = {}): Promise<Identity> {
  const keys = await makeKeyPair('ec', { namedCurve: 'P-256' });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const signature = nodeKey.signSha256(Buffer.concat([Buffer.from(HANDSHAKE_PREFIX), publicKey]));
  const proof = encodeSignedKey({ key: nodeKey.publicKey, signature });
  const certificate = signCertificate(keys.privateKey, publicKey, {
    ...ALWAYS,
    ...options,
    extensions: [{ oid: IDENTITY_OID, critical: false, value: proof }, ...(options.extensions ?? [])],
  });
  return {
    id: idOfKey(nodeKey.publicKey),
    key: nodeKey.publicKey,
    certificatePem: pemOf(certificate),
    privateKeyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A self-signed certificate as in RFC 5280 §4.1, DER, of a key as SubjectPublicKeyInfo (DER). */
function signCertificate(key: KeyObject, publicKey: Uint8Array, options: Required<ValidityOptions>): Uint8Array {
  const algorithm = encodeDer(TAG.sequence, encodeDer(TAG.oid, oidBytes(ECDSA_WITH_SHA256)));
  const commonName = [
    encodeDer(TAG.oid, oidBytes(COMMON_NAME)),
    encodeDer(TAG.utf8String, Buffer.from('wayleave')),
  ] as const;
  const name = encodeDer(TAG.sequence, encodeDer(TAG.set, encodeDer(TAG.sequence, ...commonName)));
  const body = encodeDer(
    TAG.sequence,
    encodeDer(VERSION, encodeDer(TAG.integer, VERSION_3)),
    encodeDer(TAG.integer, SERIAL),
    algorithm,
    name,
    encodeDer(TAG.sequence, encodeTime(options.notBefore), encodeTime(options.notAfter)),
    name,
    publicKey,
    encodeDer(EXTENSIONS, encodeDer(TAG.sequence, ...options.extensions.map(encodeExtension))),
  );
  const noUnusedBits = Uint8Array.of(0);
  return encodeDer(TAG.sequence, body, algorithm, encodeDer(TAG.bitString, noUnusedBits, sign('sha256', body, key)));
}

function encodeExtension({ oid, critical, value }: CertificateExtension): Uint8Array {
  // the default, false, is left out
  const flag = critical ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  return encodeDer(TAG.sequence, encodeDer(TAG.oid, oidBytes(oid)), ...flag, encodeDer(TAG.octetString, value));
}

function pemOf(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
