import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, generateKey, recoverSigner } from '../src/chain/signer.ts';
import type { Bench, Row } from './bench.ts';
import { type PaidLinks, paidLinks } from './channel/paid-links.ts';
import { cpuSeconds, interleaved, median, medianInterval } from './measure.ts';

/**
 * Payments in channels over loopback, with a process at each end as it is between machines: signed, durable at the payer,
 * sent over TLS, checked, durable at the payee, acknowledged. On many links they share syncs, and what counts is the
 * CPU-second of both ends together, beside the bare signature and recovery that each of them needs, and the clock.
 *
 * One link alone is bounded by the disk, which syncs twice for each payment: for the payer before it leaves, for the payee
 * before the answer does. So the bound is a bare loop that writes a page to one file and syncs it, then to another. As in a
 * session one payment is written at a time, and a few wait for their answers (`core/session/payment-lane.ts`), so that both
 * ends' disks and threads work at once. `alone-waiting` is a link on which nothing is paid before the last answer is there.
 */

const LINKS = 128;
const ROUNDS = 20;
const PAIRS = 15;
/** Pairs until all is compiled: some 20,000 payments. */
const UNSEEN = 8;
const BARE = 1_000;
const ALONE = 40;
const ALONE_PAIRS = 15;
const PAGE_BYTES = 4_096;

export const bench: Bench = {
  id: 'channel',
  async rows() {
    const folder = mkdtempSync(join(tmpdir(), 'wayleave-bench-channel-'));
    const files = ['one', 'other'].map((name) => openSync(join(folder, name), 'w'));
    const links = await paidLinks(folder, LINKS);
    try {
      return [...(await many(links)), ...(await alone(links, files))];
    } finally {
      await links.close();
      for (const file of files) closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Every link pays as soon as it may. */
async function many(links: PaidLinks): Promise<Row[]> {
  const perSecond: number[] = [];
  const pay = async () => {
    const [cpu, startedMs] = [await links.cpu(), performance.now()];
    await Promise.all(Array.from({ length: LINKS }, (_, link) => links.pay(link, ROUNDS)));
    perSecond.push((LINKS * ROUNDS * 1000) / (performance.now() - startedMs));
    return (LINKS * ROUNDS) / ((await links.cpu()) - cpu);
  };
  const me = createSigner(generateKey((count) => randomBytes(count)));
  const digest = randomBytes(32);
  const bare = async () => {
    const cpu = cpuSeconds();
    for (let n = 0; n < BARE; n += 1) recoverSigner(digest, me.signDigest(digest));
    return BARE / (cpuSeconds() - cpu);
  };
  const { ours: value, rival: rivalValue, ratio, interval } = await interleaved(PAIRS, pay, bare, UNSEEN);
  const rival = 'a bare signature and its recovery';
  const target = { of: 'value', least: 5_000 } as const;
  const seen = perSecond.slice(UNSEEN);
  const clock = { value: median(seen), interval: medianInterval(seen) };
  return [
    { id: 'channel.many', value, unit: 'payments/CPU-s', rival, rivalValue, ratio, interval, target },
    { id: 'channel.many-clock', unit: 'payments/s', ...clock, target },
  ];
}

async function alone(links: PaidLinks, files: readonly number[]): Promise<Row[]> {
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const sync = async () => {
    for (let n = 0; n < ALONE; n += 1) {
      for (const file of files) {
        writeSync(file, page);
        fdatasyncSync(file);
      }
    }
  };
  const row = async (id: string, pay: () => Promise<void>): Promise<Row> => {
    const { ours: value, rival: rivalValue, ratio, interval } = await interleaved(ALONE_PAIRS, rate(pay), rate(sync));
    return { id, value, unit: 'payments/s', rival: 'a page written and synced, twice', rivalValue, ratio, interval };
  };
  const waiting = async () => {
    for (let n = 0; n < ALONE; n += 1) await links.pay(0, 1);
  };
  return [
    { ...(await row('channel.alone', () => links.pay(0, ALONE))), target: { of: 'ratio', least: 1 / 1.5 } },
    await row('channel.alone-waiting', waiting),
  ];
}

/** Of what `work` does `ALONE` times, how often in a second. */
function rate(work: () => Promise<void>): () => Promise<number> {
  return async () => {
    const startedMs = performance.now();
    await work();
    return (ALONE * 1000) / (performance.now() - startedMs);
  };
}
