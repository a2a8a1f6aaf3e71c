/**
 * One node of an operator with several: charges its links and pays from the shared chequebook, or draws and gives back
 * leases on it, for as long as it is told. Forked by postgres.bench.ts.
 */
import { systemClock } from '../src/node/system-clock.ts';
import { openPostgresStore } from '../src/store/postgres-store.ts';
import type { LinkRecord } from '../src/store/store.ts';
import { cpuSeconds } from './measure.ts';

export interface WorkerResult {
  readonly done: number;
  readonly cheques: number;
  readonly cpuSeconds: number;
}

const [url = '', index = '0', chequebook = '', mode = 'charges'] = process.argv.slice(2);
const LINKS = 250;
/** Charges that wait for the server at once; in a node, those of many links within one window. */
const IN_FLIGHT = 512;
/** One cheque after so many charges: a megabyte at a time, charged by frames of 16 kB, would be 64. */
const CHARGES_PER_CHEQUE = 200;

const id = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;
const store = await openPostgresStore({ url, nodeId: id(Number(index) + 1), clock: systemClock });
const NONE = [0, 0, 0] as const;
const links = Array.from({ length: LINKS }, (_, n): LinkRecord => {
  const services = { provided: NONE, consumed: NONE, providedBytes: NONE, consumedBytes: NONE };
  const rest = { providedRemainder: NONE, consumedRemainder: NONE, providedCorrection: NONE, consumedCorrection: NONE };
  const counts = { attempts: 0, paid: 0, received: 0, lease: 0, chokedSinceMs: 0, closed: false, updatedMs: 0 };
  return {
    kind: 'link',
    neighbour: id(1000 + n),
    ...services,
    ...rest,
    ...counts,
    historyRows: 1,
    faded: 0,
    barterNet: NONE,
  };
});
let next = 0;
let done = 0;
let cheques = 0;
let stop = false;

async function charge(): Promise<void> {
  while (!stop) {
    const number = (next += 1);
    const at = number % LINKS;
    const link = links[at] as LinkRecord;
    const [transit, chunks, packets] = link.provided;
    links[at] = { ...link, provided: [transit + 160, chunks, packets], updatedMs: number };
    await store.commit([links[at]]);
    done += 1;
    if (number % CHARGES_PER_CHEQUE === 0) await pay(link.neighbour);
  }
}

async function pay(beneficiary: string): Promise<void> {
  const rest = { signature: new Uint8Array(65), amount: 1, paymentId: 1, acceptedCumulative: 0n, remainder: 0n };
  const write = (cumulative: bigint) => ({
    ...{ kind: 'issued' as const, chequebook, beneficiary, cumulative, ...rest },
    ownCumulative: cumulative,
  });
  await store.credit.issue({ chequebook, beneficiary, wei: 1000n, write });
  cheques += 1;
}

async function lease(): Promise<void> {
  while (!stop) {
    await store.credit.draw(chequebook, 10n);
    await store.credit.giveBack(chequebook);
    done += 2;
  }
}

process.on('message', (message) => {
  if (message === 'go') void run();
  if (message === 'stop') stop = true;
});

async function run(): Promise<void> {
  const cpuBefore = cpuSeconds();
  await Promise.all(mode === 'leases' ? [lease()] : Array.from({ length: IN_FLIGHT }, charge));
  const result: WorkerResult = { done, cheques, cpuSeconds: cpuSeconds() - cpuBefore };
  await store.close();
  process.send?.(result);
  process.disconnect();
}

process.send?.('ready');
