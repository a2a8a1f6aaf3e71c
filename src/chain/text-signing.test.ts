import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyMessage } from 'viem';
import { createSigner } from './signer.ts';
import { isGenuineText, type SignedText, signText } from './text-signing.ts';

const signer = createSigner(new Uint8Array(32).fill(5));

test('a signed text is one for any wallet, also beyond ASCII', async () => {
  for (const text of ['', 'hello', '{"a":"é€😀"}', 'x'.repeat(5000)]) {
    const signed = signText(signer, text);
    assert.ok(isGenuineText(signed));
    const { signer: address, signature } = signed;
    assert.ok(
      await verifyMessage({ address: address as `0x${string}`, message: text, signature: signature as `0x${string}` }),
    );
  }
});

test('what was changed in anything is not genuine', () => {
  const good = signText(signer, 'it paid');
  const bad: SignedText[] = [
    { ...good, text: 'it paid ' },
    { ...good, signer: `0x${'1'.repeat(40)}` },
    { ...good, signature: good.signature.replace(/..$/, '00') },
    { ...good, signature: `${good.signature}00` },
    { ...good, signature: '0x' },
    { ...good, signature: good.signature.slice(2) },
  ];
  for (const each of bad) assert.equal(isGenuineText(each), false, JSON.stringify(each));
});
