import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Extension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import type { NodeId } from '../core/node-id.ts';
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
  readonly extensions?: readonly Extension[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

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
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const spki = new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  const signature = nodeKey.signSha256(Buffer.concat([Buffer.from(HANDSHAKE_PREFIX), spki]));
  const proof = encodeSignedKey({ key: nodeKey.publicKey, signature });
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=wayleave',
    notBefore: options.notBefore ?? ALWAYS.notBefore,
    notAfter: options.notAfter ?? ALWAYS.notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new Extension(IDENTITY_OID, false, proof), ...(options.extensions ?? [])],
  });
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    id: idOfKey(nodeKey.publicKey),
    key: nodeKey.publicKey,
    certificatePem: certificate.toString('pem'),
    privateKeyPem: PemConverter.encode(privateKey, 'PRIVATE KEY'),
  };
}
