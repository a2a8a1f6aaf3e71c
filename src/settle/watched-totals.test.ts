import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import type { WatchedChannel } from './channel-watch.ts';
import { WatchedTotals } from './watched-totals.ts';

const CHAIN_ID = 31_337;
const id = (digit: string) => `0x${digit.repeat(40)}`;
const [payer, other] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [Signer, Signer];
const terms = { chainId: CHAIN_ID, factory: id('4'), channel: id('1'), payee: id('3'), neighbour: payer.id };

function signed(cumulativeWei: bigint, by = payer): WatchedChannel {
  const cheque = { chequebook: terms.channel, beneficiary: terms.payee, cumulativeWei };
  return { ...terms, newest: signCheque(by, CHAIN_ID, cheque) };
}

/** With a total that its signature is not of. */
function claiming(cumulativeWei: bigint, from: WatchedChannel): WatchedChannel {
  assert.ok(from.newest);
  return { ...from, newest: { ...from.newest, cumulativeWei } };
}

describe('totals out of files', () => {
  it('only grow, also where a file written after a loss has a lower one or none', () => {
    const totals = new WatchedTotals();
    assert.deepEqual(totals.learn([{ ...terms, newest: undefined }]), []);
    const [low, high] = [signed(5n), signed(7n)];
    for (const each of [low, high, low, { ...terms, newest: undefined }]) assert.deepEqual(totals.learn([each]), []);
    assert.deepEqual(totals.all, [high]);
  });

  it('are not taken before their signature is checked: a higher one that is false leaves the good one, and is told', () => {
    const good = signed(5n);
    const next = signed(8n);
    const common = { channel: terms.channel, neighbour: payer.id, state: 'unseen', code: 'CHANNEL_FORGED' };
    const malformed = { ...terms, newest: { ...claiming(9n, good).newest, signature: new Uint8Array(65) } };
    for (const bad of [claiming(9n, good), signed(9n, other), malformed as WatchedChannel]) {
      const totals = new WatchedTotals();
      assert.deepEqual(totals.learn([bad]), [{ ...common, signedWei: '0' }], 'also where none is known');
      assert.deepEqual(totals.all, []);
      assert.deepEqual(totals.learn([good]), []);
      assert.deepEqual(totals.learn([bad]), [{ ...common, signedWei: '5' }]);
      assert.deepEqual(totals.all, [good]);
      assert.deepEqual([totals.learn([bad, next]).length, totals.all], [1, [next]]);
    }
  });

  it('are not displaced by what says otherwise of the channel, whoever signed it', () => {
    const good = signed(5n);
    const wrong: readonly Partial<WatchedChannel>[] = [
      { factory: id('5') },
      { token: id('6') },
      { neighbour: other.id, newest: signed(9n, other).newest },
    ];
    for (const each of wrong) {
      const totals = new WatchedTotals();
      totals.learn([good]);
      totals.learn([{ ...signed(9n), ...each }]);
      assert.deepEqual(totals.all[0], good);
    }
  });
});
