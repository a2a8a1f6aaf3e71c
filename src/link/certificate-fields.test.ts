import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeIdentity } from './certificate.ts';
import { readCertificateFields } from './certificate-fields.ts';
import { encodeDer, encodeTime, oidBytes, TAG } from './der.ts';
import { testKey } from './link-bed.fixture.ts';

const EMPTY = encodeDer(TAG.sequence);
const VALUE = encodeDer(TAG.octetString, Uint8Array.of(1, 2));
const OID = encodeDer(TAG.oid, oidBytes('1.2.3.4'));
const flag = (...content: number[]): Uint8Array => encodeDer(TAG.boolean, Uint8Array.from(content));
const extension = (...parts: Uint8Array[]): Uint8Array => encodeDer(TAG.sequence, ...parts);
const listOf = (...extensions: Uint8Array[]): Uint8Array => encodeDer(0xa3, encodeDer(TAG.sequence, ...extensions));

/** The parts of a TBSCertificate by name, in their order. */
const PARTS = {
  version: encodeDer(0xa0, encodeDer(TAG.integer, Uint8Array.of(2))),
  serial: encodeDer(TAG.integer, Uint8Array.of(1)),
  algorithm: EMPTY,
  issuer: EMPTY,
  validity: encodeDer(TAG.sequence, encodeTime(new Date(1000)), encodeTime(new Date(2000))),
  subject: EMPTY,
  key: encodeDer(TAG.sequence, encodeDer(TAG.bitString, Uint8Array.of(0, 9))),
  more: listOf(extension(OID, VALUE), extension(OID, flag(0xff), VALUE)),
};
const NONE = new Uint8Array();

function bodyOf(parts: Partial<typeof PARTS> = {}): Uint8Array {
  return encodeDer(TAG.sequence, ...Object.values({ ...PARTS, ...parts }));
}

function certificateOf(body: Uint8Array, ...after: Uint8Array[]): Uint8Array {
  return encodeDer(TAG.sequence, body, EMPTY, encodeDer(TAG.bitString, Uint8Array.of(0, 1)), ...after);
}

describe('the fields of a certificate', () => {
  it('dates, key and extensions', () => {
    assert.deepEqual(readCertificateFields(certificateOf(bodyOf())), {
      notBeforeMs: 1000,
      notAfterMs: 2000,
      publicKey: PARTS.key,
      extensions: [
        { oidHex: '2a0304', critical: false, value: Buffer.of(1, 2) },
        { oidHex: '2a0304', critical: true, value: Buffer.of(1, 2) },
      ],
    });
  });

  it('what OpenSSL reads in the certificate that a node makes', async () => {
    const { certificatePem } = await makeIdentity(testKey(1), { notAfter: new Date('2051-02-03T04:05:06Z') });
    const native = new X509Certificate(certificatePem);
    const fields = readCertificateFields(native.raw);
    assert.deepEqual(Buffer.from(fields.publicKey), native.publicKey.export({ type: 'spki', format: 'der' }));
    assert.deepEqual(
      [fields.notBeforeMs, fields.notAfterMs],
      [Date.parse(native.validFrom), Date.parse(native.validTo)],
    );
    assert.ok(native.verify(native.publicKey));
    assert.equal(native.subject, 'CN=wayleave');
  });

  const read: [string, Partial<typeof PARTS>][] = [
    ['no extensions', { more: NONE }],
    ['unique identifiers', { more: Buffer.concat([encodeDer(0x81, NONE), encodeDer(0x82, NONE), PARTS.more]) }],
    ['false written out', { more: listOf(extension(OID, flag(0), VALUE)) }],
  ];
  for (const [what, parts] of read) {
    it(`${what}: read`, () => {
      const { extensions } = readCertificateFields(certificateOf(bodyOf(parts)));
      assert.ok(extensions.every(({ value }) => value.length === 2));
    });
  }

  const refused: [string, Uint8Array][] = [
    ['bytes after it', Buffer.concat([certificateOf(bodyOf()), Uint8Array.of(0)])],
    ['bytes after the signature', certificateOf(bodyOf(), EMPTY)],
    ['no version', certificateOf(bodyOf({ version: NONE }))],
    ['version 2', certificateOf(bodyOf({ version: encodeDer(0xa0, encodeDer(TAG.integer, Uint8Array.of(1))) }))],
    ['no key', certificateOf(bodyOf({ key: NONE }))],
    [
      'a third date',
      certificateOf(bodyOf({ validity: encodeDer(TAG.sequence, ...Array(3).fill(encodeTime(new Date(0)))) })),
    ],
    ['extensions twice', certificateOf(bodyOf({ more: Buffer.concat([PARTS.more, PARTS.more]) }))],
    ['two lists of extensions', certificateOf(bodyOf({ more: encodeDer(0xa3, EMPTY, EMPTY) }))],
    ['an extension with more', certificateOf(bodyOf({ more: listOf(extension(OID, VALUE, VALUE)) }))],
    ['an extension without a value', certificateOf(bodyOf({ more: listOf(extension(OID)) }))],
    ['a flag that is neither', certificateOf(bodyOf({ more: listOf(extension(OID, flag(1), VALUE)) }))],
    ['a flag of two bytes', certificateOf(bodyOf({ more: listOf(extension(OID, flag(255, 255), VALUE)) }))],
  ];
  for (const [what, der] of refused) {
    it(`${what}: refused`, () => {
      assert.throws(() => readCertificateFields(der));
    });
  }
});
