import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, generateKey, recoverSigner } from '../src/chain/signer.ts';
import type { Bench, Row } from './bench.ts';
import { type PaidLinks, paidLinks } from './channel/paid-links.ts';
import { cpuSeconds, interleaved, median, medianInterval } from './measure.ts';

/**
 * Payments in channels over loopback, both ends in this process: signed, durable at the payer, sent over TLS, checked,
 * durable at the payee, acknowledged. On many links they share syncs, and what counts is the CPU-second of both ends
 * together, beside the bare signature and recovery that each of them needs; and, with a process at each end, the clock.
 *
 * One link alone waits for two syncs a payment, one after the other: the payer's before the payment leaves, the payee's
 * before the answer does, and a session writes the next payment when the last was answered. So the bound is a bare loop
 * that writes a page to one file and syncs it, then to another. `alone-rest` is what a payment takes beyond these two:
 * a signature and its check, two messages over TLS, four hand-overs between threads. One link stays within 1.5 times of the
 * bound wherever a sync takes as long as that rest, or longer; on a disk that syncs faster the rest is the larger part.
 */

const LINKS = 128;
const ROUNDS = 20;
const PAIRS = 15;
/** Pairs until all is compiled: some 20,000 payments. */
const UNSEEN = 8;
const BARE = 1_000;
const ALONE = 20;
const ALONE_PAIRS = 15;
const PAGE_BYTES = 4_096;

export const bench: Bench = {
  id: 'channel',
  async rows() {
    const folder = mkdtempSync(join(tmpdir(), 'wayleave-bench-channel-'));
    const files = ['one', 'other'].map((name) => openSync(join(folder, name), 'w'));
    const withLinks = async (inOneProcess: boolean, rows: (links: PaidLinks) => Promise<Row[]>) => {
      const links = await paidLinks(mkdtempSync(join(folder, 'ends-')), LINKS, inOneProcess);
      try {
        return await rows(links);
      } finally {
        await links.close();
      }
    };
    try {
      return [
        ...(await withLinks(true, async (links) => [...(await many(links)), ...(await alone(links, files))])),
        ...(await withLinks(false, apart)),
      ];
    } finally {
      for (const file of files) closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Every link pays as soon as its last payment was answered. */
async function many(links: PaidLinks): Promise<Row[]> {
  const pay = async () => {
    const cpu = cpuSeconds();
    await payByAll(links);
    return (LINKS * ROUNDS) / (cpuSeconds() - cpu);
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
  return [{ id: 'channel.many', value, unit: 'payments/CPU-s', rival, rivalValue, ratio, interval, target }];
}

/** The same with a process at each end, as it is between machines, by the clock. */
async function apart(links: PaidLinks): Promise<Row[]> {
  const perSecond: number[] = [];
  for (let round = -UNSEEN; round < PAIRS; round += 1) {
    const startedMs = performance.now();
    await payByAll(links);
    if (round >= 0) perSecond.push((LINKS * ROUNDS * 1000) / (performance.now() - startedMs));
  }
  const [value, interval] = [median(perSecond), medianInterval(perSecond)];
  return [{ id: 'channel.apart', value, unit: 'payments/s', interval, target: { of: 'value', least: 5_000 } }];
}

async function payByAll(links: PaidLinks): Promise<void> {
  await Promise.all(
    Array.from({ length: LINKS }, async (_, link) => {
      for (let n = 0; n < ROUNDS; n += 1) await links.pay(link);
    }),
  );
}

async function alone(links: PaidLinks, files: readonly number[]): Promise<Row[]> {
  const [paidMs, syncedMs]: [number[], number[]] = [[], []];
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const pay = async () => {
    for (let n = 0; n < ALONE; n += 1) await links.pay(0);
  };
  const sync = async () => {
    for (let n = 0; n < ALONE; n += 1) {
      for (const file of files) {
        writeSync(file, page);
        fdatasyncSync(file);
      }
    }
  };
  const seen = await interleaved(ALONE_PAIRS, rate(pay, paidMs), rate(sync, syncedMs));
  const { ours: value, rival: rivalValue, ratio, interval } = seen;
  const rival = 'a page written and synced, twice';
  const target = { of: 'ratio', least: 1 / 1.5 } as const;
  const restMs = paidMs.map((ms, pair) => ms - (syncedMs[pair] ?? Number.NaN));
  return [
    { id: 'channel.alone', value, unit: 'payments/s', rival, rivalValue, ratio, interval, target },
    { id: 'channel.alone-rest', value: median(restMs), unit: 'ms/payment', interval: medianInterval(restMs) },
  ];
}

/** Rounds a second; what one took goes to `roundMs`, milliseconds. */
function rate(work: () => Promise<void>, roundMs: number[]): () => Promise<number> {
  return async () => {
    const startedMs = performance.now();
    await work();
    const ms = (performance.now() - startedMs) / ALONE;
    roundMs.push(ms);
    return 1000 / ms;
  };
}
