import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChannelChain } from '../chain/channel-chain.ts';
import { recoverAgreementSigner, signWithdrawal, withdrawalDigest } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { openSqliteStore, type SqliteStore } from '../store/sqlite-store.ts';
import type { NoteRecord } from '../store/store.ts';
import type { ChannelWithdrawalOffer } from '../wire/channel-agreement.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk } from './channel-desk.ts';
import { channelNote } from './channel-note.fixture.ts';
import { ChannelWithdrawing } from './channel-withdrawing.ts';

const CHAIN_ID = 31_337;
const CHANNEL = `0x${'c'.repeat(40)}`;
const NOW_S = 1_800_000_000;
const [me, them, nobody] = [1, 2, 3].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const iAmA = me.id < them.id;

const NOTE = channelNote(me, them, CHANNEL);

describe('a neighbour that wants to take something out of a channel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-withdrawing-'));
  let store: SqliteStore;
  let wallMs = NOW_S * 1000;
  before(async () => {
    store = await openSqliteStore({ path: join(folder, 'node.db'), nodeId: me.id });
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function end(notes: readonly NoteRecord[] = [NOTE]) {
    const said: ChannelWithdrawalOffer[] = [];
    const codes: string[] = [];
    const clock: Clock = { nowMs: () => wallMs, wallMs: () => wallMs, after: () => ({ cancel: () => undefined }) };
    const book = new ChannelBook({ chain: undefined, store, me: me.id, freezeSeconds: 86_400, clock, notes });
    const ratio = { numerator: 1n, denominator: 1n };
    const desk = new ChannelDesk({
      signer: me,
      chainId: CHAIN_ID,
      store,
      book,
      neighbour: () => ({ theirRatio: ratio, myRatio: ratio, riskAt: 10_000, myChannel: CHANNEL }),
      totals: [],
      wanted: () => undefined,
      leaving: () => false,
    });
    const withdrawing = new ChannelWithdrawing({
      chain: {} as ChannelChain,
      ...{ chainId: CHAIN_ID, signer: me, clock, book, desk },
      say: (_, offer) => said.push(offer),
      fault: (_, code) => codes.push(code),
    });
    return { said, codes, desk, withdrawing };
  }

  function offer(change: { mine?: bigint; theirs?: bigint; validUntilS?: number; signer?: typeof me } = {}) {
    const { mine = 0n, theirs = 700n, signer = them, validUntilS = NOW_S + 100 } = change;
    const [withdrawnByAWei, withdrawnByBWei] = iAmA ? [mine, theirs] : [theirs, mine];
    const withdrawal = { withdrawnByAWei, withdrawnByBWei, validUntilS };
    const signature = signWithdrawal(signer, CHAIN_ID, CHANNEL, withdrawal);
    return { channel: CHANNEL, ...withdrawal, signature };
  }

  async function pay(desk: ChannelDesk, cumulativeWei: bigint) {
    const cheque = signCheque(them, CHAIN_ID, { chequebook: CHANNEL, beneficiary: me.id, cumulativeWei });
    return desk.check(them.id, { kind: 'payment', id: 1, units: 1, proof: { kind: 'cheque', cheque } });
  }

  async function heard(message: ChannelWithdrawalOffer) {
    const { codes, desk, said, withdrawing } = end();
    assert.equal((await pay(desk, 300n)).accepted, true);
    withdrawing.heard(them.id, message);
    await store.commit([]);
    await new Promise((resolve) => setImmediate(resolve));
    return { codes, said, desk };
  }

  for (const [what, message, code] of [
    ['signed by somebody else', offer({ signer: nobody }), 'CHANNEL_FORGED'],
    ['that takes what was signed to me, and is not booked yet', offer({ theirs: 701n }), 'CHANNEL_NOT_AGREED'],
    ['that takes something of mine with it', offer({ mine: 1n }), 'CHANNEL_NOT_AGREED'],
    ['that takes nothing', offer({ theirs: 0n }), 'CHANNEL_NOT_AGREED'],
    ['that has lapsed', offer({ validUntilS: NOW_S }), 'CHANNEL_NOT_AGREED'],
    ['that would hold for long', offer({ validUntilS: NOW_S + 1_000 }), 'CHANNEL_NOT_AGREED'],
    ['from a channel that is none', { ...offer(), channel: `0x${'d'.repeat(40)}` }, 'CHANNEL_UNKNOWN'],
  ] as const) {
    test(`with an offer ${what} gets no signature`, async () => {
      const { codes, said } = await heard(message);
      assert.deepEqual([codes, said], [[code], []]);
    });
  }

  test('gets one for what is free, and from then on has that much less to pay with, also after a restart', async () => {
    const { codes, desk, said } = await heard(offer());
    const [answer] = said;
    assert.ok(answer !== undefined && codes.length === 0, String(codes));
    assert.equal(recoverAgreementSigner(withdrawalDigest(CHAIN_ID, CHANNEL, answer), answer.signature), me.id);
    assert.equal((await pay(desk, 301n)).accepted, false);

    const { notes } = await store.load();
    const later = end(notes);
    assert.deepEqual(await pay(later.desk, 301n), { accepted: false, code: 'CHANNEL_NOT_COVERED', acceptedWei: 0n });
    wallMs += 2 * 86_400_000;
    const longAfter = end(notes);
    assert.equal((await pay(longAfter.desk, 301n)).accepted, true, 'the chain never heard of it, and would not now');
  });
});
