import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashTypedData } from 'viem';
import { delegatedBy, delegationDigest, signDelegation } from './delegation-signing.ts';
import { createSigner } from './signer.ts';

const signer = createSigner(new Uint8Array(32).fill(5));
const facts = {
  node: `0x${'11'.repeat(20)}`,
  chequebook: `0x${'22'.repeat(20)}`,
  payout: `0x${'33'.repeat(20)}`,
  chainId: 100,
  expiresS: 1_800_000_000,
};

test('the digest is the one that viem makes of the typed data', () => {
  const expected = hashTypedData({
    domain: { name: 'Wayleave Delegation', version: '1', chainId: facts.chainId },
    types: {
      Delegation: [
        { name: 'node', type: 'address' },
        { name: 'chequebook', type: 'address' },
        { name: 'payout', type: 'address' },
        { name: 'expires', type: 'uint256' },
      ],
    },
    primaryType: 'Delegation',
    message: {
      node: facts.node as `0x${string}`,
      chequebook: facts.chequebook as `0x${string}`,
      payout: facts.payout as `0x${string}`,
      expires: BigInt(facts.expiresS),
    },
  });
  assert.equal(`0x${Buffer.from(delegationDigest(facts)).toString('hex')}`, expected);
});

test('a delegation is its issuer’s for exactly this node, chequebook, chain, payout and end', () => {
  const delegation = signDelegation(signer, facts);
  assert.equal(delegatedBy(delegation, facts), signer.id);
  for (const changed of [{ node: facts.payout }, { chequebook: facts.node }, { chainId: 101 }]) {
    assert.notEqual(delegatedBy(delegation, { ...facts, ...changed }), signer.id);
  }
  assert.notEqual(delegatedBy({ ...delegation, payout: facts.node }, facts), signer.id);
  assert.notEqual(delegatedBy({ ...delegation, expiresS: facts.expiresS + 1 }, facts), signer.id);
  assert.equal(delegatedBy({ ...delegation, signature: new Uint8Array(65) }, facts), undefined);
});
