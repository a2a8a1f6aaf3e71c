import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import { createKeystore, isInsecureKeystore, openKeystore } from './keystore.ts';
import { decryptKey, encryptKey, parseKeystore } from './keystore-v3.ts';
import { readPassword } from './password.ts';
import { createSigner } from './signer.ts';

const KEY = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d';
/** The two vectors of the Web3 Secret Storage definition; both hold KEY under "testpassword". */
const PBKDF2_VECTOR = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
};
const SCRYPT_VECTOR = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      p: 8,
      r: 1,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
};
/** Small, so that a hundred files cost nothing. */
const FAST_N = 2 ** 4;
const random = (count: number) => Uint8Array.from(randomBytes(count));
const isCode = (code: string) => (error: unknown) => codeOf(error) === code;

let folder: string;
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wayleave-keystore-'));
});
after(() => rm(folder, { recursive: true, force: true }));
const newPath = () => join(folder, `key-${(files += 1)}.json`);

describe('Web3 Secret Storage v3', () => {
  for (const [name, vector] of [
    ['pbkdf2', PBKDF2_VECTOR],
    ['scrypt', SCRYPT_VECTOR],
  ] as const) {
    test(`opens the published ${name} vector`, () => {
      assert.equal(Buffer.from(decryptKey(parseKeystore(vector), 'testpassword')).toString('hex'), KEY);
    });
  }

  test('what is encrypted decrypts, with that password only', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string(), (password, other) => {
        const key = random(32);
        const file = encryptKey({
          key,
          address: `0x${'ab'.repeat(20)}`,
          password,
          scryptN: FAST_N,
          random: random(64),
        });
        const parsed = parseKeystore(JSON.parse(JSON.stringify(file)));
        assert.deepEqual(parsed, file);
        assert.deepEqual(decryptKey(parsed, password), key);
        if (other !== password) assert.throws(() => decryptKey(parsed, other), isCode('KEYSTORE_PASSWORD_WRONG'));
      }),
      { numRuns: 30 },
    );
  });

  const crypto = SCRYPT_VECTOR.crypto;
  const kdf = (change: object) => ({
    ...SCRYPT_VECTOR,
    crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, ...change } },
  });
  const pbkdf2 = (change: object) => ({
    ...PBKDF2_VECTOR,
    crypto: { ...PBKDF2_VECTOR.crypto, kdfparams: { ...PBKDF2_VECTOR.crypto.kdfparams, ...change } },
  });
  const refused: [string, unknown][] = [
    ['null', null],
    ['a list', []],
    ['version 1', { ...SCRYPT_VECTOR, version: 1 }],
    ['another cipher', { ...SCRYPT_VECTOR, crypto: { ...crypto, cipher: 'aes-128-cbc' } }],
    ['another key derivation', { ...SCRYPT_VECTOR, crypto: { ...crypto, kdf: 'argon2' } }],
    ['a short vector', { ...SCRYPT_VECTOR, crypto: { ...crypto, cipherparams: { iv: '00' } } }],
    ['a short secret', { ...SCRYPT_VECTOR, crypto: { ...crypto, ciphertext: '00' } }],
    ['a mac that is not hex', { ...SCRYPT_VECTOR, crypto: { ...crypto, mac: 'x'.repeat(64) } }],
    ['an address that is none', { ...SCRYPT_VECTOR, address: 'home' }],
    ['n not a power of two', kdf({ n: 1000 })],
    ['n that would take a gigabyte', kdf({ n: 2 ** 20, r: 8 })],
    ['n as text', kdf({ n: '262144' })],
    ['p without end', kdf({ p: 1_000_000 })],
    ['no salt', kdf({ salt: '' })],
    ['another length', kdf({ dklen: 64 })],
    ['rounds without end', pbkdf2({ c: 2 ** 40 })],
    ['another hash', pbkdf2({ prf: 'hmac-md5' })],
  ];
  for (const [name, file] of refused) {
    test(`refuses ${name}`, () => assert.throws(() => parseKeystore(file), isCode('KEYSTORE_INVALID')));
  }

  test('no JSON makes the parser throw anything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.throws(() => parseKeystore(value), isCode('KEYSTORE_INVALID'));
      }),
    );
  });
});

describe('key file', () => {
  test('made, read and opened by another process; nobody else may read it', async () => {
    const path = newPath();
    const made = await createKeystore({ path, password: 'pass wörd', randomBytes: random, scryptN: FAST_N });
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await isInsecureKeystore(path), false);
    const opened = await openKeystore({ path, password: 'pass wörd' });
    assert.equal(opened.id, made.id);
    const digest = random(32);
    assert.deepEqual(opened.signDigest(digest), made.signDigest(digest));
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.new')),
      [],
    );
  });

  test('an existing key can be taken over', async () => {
    const path = newPath();
    const key = Buffer.from(KEY, 'hex');
    const { id } = await createKeystore({ path, password: 'x', key, randomBytes: random, scryptN: FAST_N });
    assert.equal(id, createSigner(key).id);
    assert.ok(!(await readFile(path, 'utf8')).includes(KEY));
  });

  test('the default cost opens too', async () => {
    const path = newPath();
    const { id } = await createKeystore({ path, password: 'x', randomBytes: random });
    const file = JSON.parse(await readFile(path, 'utf8')) as typeof SCRYPT_VECTOR;
    assert.deepEqual([file.crypto.kdfparams.n, file.crypto.kdfparams.r, file.crypto.kdfparams.p], [2 ** 17, 8, 1]);
    assert.equal((await openKeystore({ path, password: 'x' })).id, id);
  });

  test('is never replaced', async () => {
    const path = newPath();
    await createKeystore({ path, insecure: true, randomBytes: random });
    const before = await readFile(path, 'utf8');
    await assert.rejects(createKeystore({ path, insecure: true, randomBytes: random }), isCode('KEYSTORE_EXISTS'));
    assert.equal(await readFile(path, 'utf8'), before);
  });

  test('without encryption only where that is asked for by name, on both sides', async () => {
    const path = newPath();
    const { id } = await createKeystore({ path, insecure: true, randomBytes: random });
    assert.equal(await isInsecureKeystore(path), true);
    await assert.rejects(openKeystore({ path, password: 'x' }), isCode('KEYSTORE_INSECURE'));
    assert.equal((await openKeystore({ path, insecure: true })).id, id);
  });

  test('each fault has its code', async () => {
    const path = newPath();
    await createKeystore({ path, password: 'x', randomBytes: random, scryptN: FAST_N });
    await assert.rejects(openKeystore({ path, password: 'y' }), isCode('KEYSTORE_PASSWORD_WRONG'));
    await assert.rejects(openKeystore({ path }), isCode('KEYSTORE_PASSWORD_MISSING'));
    await assert.rejects(openKeystore({ path: newPath(), password: 'x' }), isCode('KEYSTORE_MISSING'));
    await assert.rejects(openKeystore({ path: folder, password: 'x' }), isCode('KEYSTORE_FAILED'));
    const base = { randomBytes: random, scryptN: FAST_N };
    await assert.rejects(
      createKeystore({ ...base, path: newPath(), password: '' }),
      isCode('KEYSTORE_PASSWORD_MISSING'),
    );
    await assert.rejects(
      createKeystore({ ...base, path: join(folder, 'no', 'k'), password: 'x' }),
      isCode('KEYSTORE_FAILED'),
    );
    const zero = new Uint8Array(32);
    await assert.rejects(createKeystore({ ...base, path: newPath(), password: 'x', key: zero }), isCode('KEY_INVALID'));
  });

  test('damaged files are refused, and what is in them is not repeated', async () => {
    const path = newPath();
    for (const content of [
      '',
      `{"key": ${KEY}`,
      '[]',
      'x'.repeat(100_000),
      '{"format":"wayleave-insecure-key-1","key":1}',
    ]) {
      await writeFile(path, content);
      await assert.rejects(openKeystore({ path, password: 'x', insecure: true }), (error) => {
        assert.equal(codeOf(error), 'KEYSTORE_INVALID');
        return !String(error).includes(KEY.slice(0, 8));
      });
    }
  });

  test('a file that names another address than its key’s is refused', async () => {
    const path = newPath();
    await createKeystore({ path, password: 'x', randomBytes: random, scryptN: FAST_N });
    const file = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...file, address: 'ab'.repeat(20) }));
    await assert.rejects(openKeystore({ path, password: 'x' }), isCode('KEYSTORE_INVALID'));
  });
});

describe('password', () => {
  test('comes from the file, else from the environment, else is to be asked for', async () => {
    const path = join(folder, 'password');
    const env = { WAYLEAVE_PASSWORD: 'from env' };
    for (const [content, expected] of [
      ['secret\n', 'secret'],
      ['secret\r\n', 'secret'],
      [' two words \n\n', ' two words \n'],
    ] as const) {
      await writeFile(path, content);
      assert.equal(await readPassword({ file: path, env }), expected);
    }
    assert.equal(await readPassword({ env }), 'from env');
    assert.equal(await readPassword({ env: {} }), undefined);
    await assert.rejects(readPassword({ file: join(folder, 'none'), env }), isCode('KEYSTORE_FAILED'));
  });
});
