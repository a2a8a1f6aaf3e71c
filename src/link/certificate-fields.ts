import { DerReader, TAG } from './der.ts';

/** What a proof of identity needs of an X.509 certificate (RFC 5280 §4.1). */
export interface CertificateFields {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly ExtensionField[];
}

interface ExtensionField {
  /** The content of its object identifier, hex. */
  readonly oidHex: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Context tags of a TBSCertificate. */
const VERSION = 0xa0;
const UNIQUE_IDS = [0x81, 0x82];
const EXTENSIONS = 0xa3;
/** Extensions came with version 3, which is written 2. */
const VERSION_3 = 2;

/**
 * Reads a certificate (DER) that is exactly one. Names, algorithms and the key are stepped over unread, and the
 * signature is not checked: those are OpenSSL's. Throws an Error for anything malformed.
 */
export function readCertificateFields(der: Uint8Array): CertificateFields {
  const outer = new DerReader(der);
  const certificate = outer.enter(TAG.sequence);
  outer.end();
  const body = certificate.enter(TAG.sequence);
  certificate.read(TAG.sequence);
  certificate.read(TAG.bitString);
  certificate.end();
  return readBody(body);
}

function readBody(body: DerReader): CertificateFields {
  const version = body.enter(VERSION).read(TAG.integer);
  if (version.length !== 1 || version[0] !== VERSION_3) throw new Error('not of version 3');
  body.read(TAG.integer);
  body.read(TAG.sequence);
  body.read(TAG.sequence);
  const validity = body.enter(TAG.sequence);
  const notBeforeMs = validity.readTimeMs();
  const notAfterMs = validity.readTimeMs();
  validity.end();
  body.read(TAG.sequence);
  const publicKey = body.readWhole(TAG.sequence);
  for (const tag of UNIQUE_IDS) if (body.nextIs(tag)) body.read(tag);
  const extensions = body.done ? [] : readExtensions(body.enter(EXTENSIONS));
  body.end();
  return { notBeforeMs, notAfterMs, publicKey, extensions };
}

function readExtensions(explicit: DerReader): ExtensionField[] {
  const list = explicit.enter(TAG.sequence);
  explicit.end();
  const extensions: ExtensionField[] = [];
  while (!list.done) {
    const extension = list.enter(TAG.sequence);
    const oidHex = Buffer.from(extension.read(TAG.oid)).toString('hex');
    const critical = extension.nextIs(TAG.boolean) && truth(extension.read(TAG.boolean));
    extensions.push({ oidHex, critical, value: extension.read(TAG.octetString) });
    extension.end();
  }
  return extensions;
}

function truth(content: Uint8Array): boolean {
  // false should have been left out, but many write it
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new Error('malformed boolean');
  return content[0] !== 0;
}
