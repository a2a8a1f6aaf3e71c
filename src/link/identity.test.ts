import assert from 'node:assert/strict';
import { X509Certificate as NativeCertificate, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { type CertificateExtension, type Identity, makeIdentity } from './certificate.ts';
import { DerReader, encodeDer, oidBytes, TAG } from './der.ts';
import { IDENTITY_OID, idOfKey, verifyCertificate } from './identity.ts';
import { testKey } from './link-bed.fixture.ts';
import { encodeSignedKey, parseSignedKey } from './signed-key.ts';

const NOW = Date.UTC(2026, 0, 1);
const key = testKey(1);

function der(pem: string): Uint8Array {
  return new Uint8Array(new NativeCertificate(pem).raw);
}

function reasonOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof WayleaveError && codeOf(error) === 'LINK_UNPROVEN') return error.details['reason'];
    throw error;
  }
  return 'accepted';
}

// libp2p TLS specification, test vectors 3 (valid, secp256k1) and 4 (the key did not make the signature)
const SPEC_VALID =
  '308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a3008' +
  '06035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a13096c69' +
  '627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c7' +
  '3c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea3818430' +
  '8181307f060a2b0601040183a25a01010471306f0425080212210206dc6968726765b820f050263ececf7f71e4955892776c0970542efd689d' +
  '2382044630440220145e15a991961f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464c7a8ab022026b3109b8a3f40ef833169777eb2aa' +
  '337cfb6282f188de0666d1bcec2a4690dd300a06082a8648ce3d0403020349003046022100e1a217eeef9ec9204b3f774a08b70849646b6a1e' +
  '6b8b27f93dc00ed58545d9fe022100b00dafa549d0f03547878338c7b15e7502888f6d45db387e5ae6b5d46899cef0';
const SPEC_KEY = '0206dc6968726765b820f050263ececf7f71e4955892776c0970542efd689d2382';

describe('identity in a certificate', () => {
  it('the vector of the specification', () => {
    const peer = verifyCertificate(Buffer.from(SPEC_VALID, 'hex'), NOW);
    assert.equal(Buffer.from(peer.key).toString('hex'), SPEC_KEY);
    assert.equal(peer.id, idOfKey(peer.key));
  });

  it('the vector with another key of the curve in its place', () => {
    const other = Buffer.from(testKey(9).publicKey).toString('hex');
    // the certificate's own signature breaks too, which is looked at first
    const bent = SPEC_VALID.replace(SPEC_KEY, other);
    assert.equal(
      reasonOf(() => verifyCertificate(Buffer.from(bent, 'hex'), NOW)),
      'not self-signed',
    );
  });

  it('a made identity proves itself, at any date', async () => {
    const identity = await makeIdentity(key);
    for (const wallMs of [0, NOW, Date.UTC(2200, 0)]) {
      const peer = verifyCertificate(der(identity.certificatePem), wallMs);
      assert.deepEqual([peer.id, [...peer.key]], [identity.id, [...key.publicKey]]);
    }
  });

  it('the id of a key is its Ethereum address', () => {
    // the key 1: the generator point, whose address is known from countless libraries' tests
    const generator = Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex');
    assert.equal(idOfKey(generator), '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf');
  });

  it('two identities of one node have different certificates', async () => {
    const [one, two] = await Promise.all([makeIdentity(key), makeIdentity(key)]);
    assert.equal(one.id, two.id);
    assert.notEqual(one.privateKeyPem, two.privateKeyPem);
  });
});

describe('what is refused', () => {
  const proof = async (signedBy = key, shown = key): Promise<Uint8Array> => {
    const { certificatePem } = await makeIdentity({ publicKey: shown.publicKey, signSha256: signedBy.signSha256 });
    return der(certificatePem);
  };

  it('a key that did not sign', async () => {
    const forged = await proof(testKey(2), key);
    assert.equal(
      reasonOf(() => verifyCertificate(forged, NOW)),
      'wrong signature',
    );
  });

  it('a signature that is none', async () => {
    const forged = await proof({ ...key, signSha256: () => new Uint8Array(70) });
    assert.equal(
      reasonOf(() => verifyCertificate(forged, NOW)),
      'malformed signature',
    );
  });

  it('dates', async () => {
    const { certificatePem } = await makeIdentity(key, { notBefore: new Date(NOW), notAfter: new Date(NOW + 1000) });
    assert.equal(
      reasonOf(() => verifyCertificate(der(certificatePem), NOW - 1)),
      'not yet valid',
    );
    assert.equal(
      reasonOf(() => verifyCertificate(der(certificatePem), NOW + 1001)),
      'expired',
    );
    assert.equal(
      reasonOf(() => verifyCertificate(der(certificatePem), NOW + 500)),
      'accepted',
    );
  });

  const extensions: [string, CertificateExtension[], string][] = [
    [
      'an unknown critical extension',
      [{ oid: '1.2.3.4', critical: true, value: new Uint8Array([5, 0]) }],
      'unknown critical extension',
    ],
    [
      'an unknown extension that is not critical',
      [{ oid: '1.2.3.4', critical: false, value: new Uint8Array([5, 0]) }],
      'accepted',
    ],
    [
      'two identities',
      [{ oid: IDENTITY_OID, critical: false, value: new Uint8Array([5, 0]) }],
      'no identity extension',
    ],
    ['much too large', [{ oid: '1.2.3.4', critical: false, value: new Uint8Array(5000) }], 'too large'],
  ];
  for (const [what, more, reason] of extensions) {
    it(`${what}: ${reason}`, async () => {
      const { certificatePem } = await makeIdentity(key, { extensions: more });
      assert.equal(
        reasonOf(() => verifyCertificate(der(certificatePem), NOW)),
        reason,
      );
    });
  }

  it('a certificate within a certificate, which OpenSSL would read in its place', async () => {
    const identity = await makeIdentity(key);
    const pem = encodeDer(TAG.octetString, Buffer.from(`\n${identity.certificatePem}\n`));
    const within = encodeDer(TAG.sequence, encodeDer(TAG.oid, oidBytes('1.2.3.4')), pem);
    const outer = resigned(identity, (part, tag) => {
      if (tag !== 0xa3) return part;
      const own = new DerReader(part).enter(0xa3).read(TAG.sequence);
      return encodeDer(0xa3, encodeDer(TAG.sequence, own, within));
    });
    assert.deepEqual(new Uint8Array(new NativeCertificate(outer).raw), der(identity.certificatePem));
    assert.equal(
      reasonOf(() => verifyCertificate(outer, NOW)),
      'malformed certificate',
    );
  });

  it('a key written in another form than OpenSSL would', async () => {
    const identity = await makeIdentity(key);
    const again = resigned(identity, (part) => part);
    assert.equal(verifyCertificate(again, NOW).id, identity.id);
    const longer = resigned(identity, (part, _tag, index) => {
      if (index !== 6) return part;
      const parts = new DerReader(part).enter(TAG.sequence);
      const algorithm = parts.readWhole(TAG.sequence);
      const point = parts.read(TAG.bitString);
      return encodeDer(TAG.sequence, algorithm, Uint8Array.of(TAG.bitString, 0x81, point.length), point);
    });
    const native = new NativeCertificate(longer);
    assert.ok(native.verify(native.publicKey), 'OpenSSL takes it');
    assert.equal(
      reasonOf(() => verifyCertificate(longer, NOW)),
      'malformed certificate',
    );
  });

  /** The certificate with parts of its body changed (the key is the seventh), signed again. */
  function resigned(
    identity: Identity,
    change: (part: Uint8Array, tag: number, index: number) => Uint8Array,
  ): Uint8Array {
    const whole = new DerReader(der(identity.certificatePem)).enter(TAG.sequence);
    const body = whole.enter(TAG.sequence);
    const tags = [0xa0, TAG.integer, ...Array<number>(5).fill(TAG.sequence), 0xa3];
    const changed = encodeDer(TAG.sequence, ...tags.map((tag, index) => change(body.readWhole(tag), tag, index)));
    const signature = encodeDer(TAG.bitString, Uint8Array.of(0), sign('sha256', changed, identity.privateKeyPem));
    return encodeDer(TAG.sequence, changed, whole.readWhole(TAG.sequence), signature);
  }

  it('a key off the curve', () => {
    const off = new Uint8Array(33).fill(255);
    off[0] = 2;
    assert.equal(
      reasonOf(() => idOfKey(off)),
      'key not on the curve',
    );
  });

  it('anything bent or cut: one code, no crash', async () => {
    const good = await proof();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const bent = cut ? good.slice(0, at) : good.slice();
        if (!cut) bent[at] = (bent[at] ?? 0) ^ change;
        assert.notEqual(
          reasonOf(() => verifyCertificate(bent, NOW)),
          'accepted',
        );
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        assert.notEqual(
          reasonOf(() => verifyCertificate(bytes, NOW)),
          'accepted',
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('the signed key', () => {
  const signed = { key: key.publicKey, signature: new Uint8Array(71).fill(7) };

  it('comes back as it went', () => {
    for (const length of [0, 8, 71, 90, 127, 128, 200, 300]) {
      const signature = new Uint8Array(length).fill(7);
      const parsed = parseSignedKey(encodeSignedKey({ ...signed, signature }));
      assert.deepEqual(parsed, { key: key.publicKey, signature });
    }
  });

  it('is read in one way only', () => {
    const good = encodeSignedKey(signed);
    assert.equal(parseSignedKey(Buffer.concat([good, new Uint8Array(1)])), undefined);
    // the same length in a longer form, which DER forbids
    assert.equal(parseSignedKey(Buffer.concat([Uint8Array.of(0x30, 0x81), good.subarray(1)])), undefined);
    for (const index of [0, 2, 4, 5, 6, 7]) {
      const bent = good.slice();
      bent[index] = 0xff;
      assert.equal(parseSignedKey(bent), undefined);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseSignedKey(bytes) === undefined));
  });
});
