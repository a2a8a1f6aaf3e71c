import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DerReader, encodeDer, encodeTime, oidBytes, TAG } from './der.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const readTime = (tag: number, text: string): number => new DerReader(encodeDer(tag, Buffer.from(text))).readTimeMs();

describe('DER', () => {
  it('an element comes back as it went, with what follows it', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 4096, 65_535]) {
      const element = encodeDer(TAG.octetString, new Uint8Array(length).fill(7));
      const reader = new DerReader(Buffer.concat([element, Uint8Array.of(5, 0)]));
      assert.equal(hex(reader.readWhole(TAG.octetString)), hex(element));
      assert.throws(() => reader.end());
      assert.equal(reader.read(5).length, 0);
      reader.end();
      assert.equal(new DerReader(element).read(TAG.octetString).length, length);
    }
    assert.throws(() => encodeDer(TAG.octetString, new Uint8Array(65_536)));
  });

  const refused: [string, string][] = [
    ['nothing', ''],
    ['a tag alone', '04'],
    ['another tag', '300101'],
    ['more than there is', '040201'],
    ['a length without an end', '04800100'],
    ['a short length in the long form', '04810101'],
    ['a one-byte length in two', '04820001ff'],
    ['three length bytes', '0483000001ff'],
    ['half a length', '048201'],
  ];
  for (const [what, bytes] of refused) {
    it(`${what}: refused`, () => {
      assert.throws(() => new DerReader(Buffer.from(bytes, 'hex')).read(TAG.octetString));
    });
  }

  it('object identifiers as in RFC 5280 and X.690 §8.19', () => {
    assert.equal(hex(oidBytes('2.5.29.19')), '551d13');
    assert.equal(hex(oidBytes('1.2.840.10045.4.3.2')), '2a8648ce3d040302');
    assert.equal(hex(oidBytes('1.3.6.1.4.1.53594.1.1')), '2b0601040183a25a0101');
  });

  it('dates come back as they went, to the second', () => {
    assert.equal(encodeTime(new Date('2049-12-31T23:59:59Z'))[0], TAG.utcTime);
    assert.equal(encodeTime(new Date('2050-01-01T00:00:00Z'))[0], TAG.generalizedTime);
    const inYears = {
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    };
    fc.assert(
      fc.property(fc.date(inYears), (date) => {
        const ms = new DerReader(encodeTime(date)).readTimeMs();
        assert.equal(ms, Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
    assert.equal(readTime(TAG.utcTime, '500101000000Z'), Date.UTC(1950, 0));
  });

  it('dates in any other form: refused', () => {
    const utc = ['260101000000', '2601010000Z', '260101000000+0100', '261301000000Z', '260231000000Z', '260101240000Z'];
    for (const text of [...utc, '260101000060Z', '', '26010100000aZ', '260101000000Z\n', '\n260101000000Z']) {
      assert.throws(() => readTime(TAG.utcTime, text), JSON.stringify(text));
    }
    for (const text of ['20260101000000.5Z', '20260101000000', '260101000000Z', '2026-01-01T00:00:00.000Z']) {
      assert.throws(() => readTime(TAG.generalizedTime, text), text);
    }
    assert.throws(() => readTime(TAG.octetString, '20260101000000Z'));
  });
});
