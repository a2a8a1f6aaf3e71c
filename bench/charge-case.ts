import { Ledger } from '../src/core/ledger/ledger.ts';
import { serviceColumn } from '../src/core/service.ts';
import { cpuSeconds } from './measure.ts';

/**
 * charge-case.ts LINKS: charges through the public door, hold with the limit checked, then commit; one unit each, links in
 * random order, in calls of 1,024. One endless loop would be entered by on-stack replacement, and stay on its slower code.
 * Writes charges per CPU-second of each round as JSON.
 */
const BATCH = 1_024;
const ROUNDS = 9;
const CHARGES_A_ROUND = 2_000_000;

const links = Number(process.argv[2]);
const ledger = openLedger(links);
const order = randomOrder(links);
round(ledger, order); // the compiler's warm-up
const rates = Array.from({ length: ROUNDS }, () => {
  const before = cpuSeconds();
  round(ledger, order);
  return CHARGES_A_ROUND / (cpuSeconds() - before);
});
process.stdout.write(JSON.stringify(rates));

function openLedger(links: number): Ledger {
  const ledger = new Ledger(links);
  for (let i = 0; i < links; i += 1) {
    const row = ledger.addLink();
    ledger.setLimit(row, 'dropAt', 1_000_000_000);
    ledger.setLimit(row, 'leaseLeft', 1_000_000_000);
  }
  return ledger;
}

/** A fixed sequence (a linear congruential generator), so that every run visits the same links in the same order. */
function randomOrder(links: number): Uint32Array {
  let state = 1;
  return Uint32Array.from({ length: CHARGES_A_ROUND }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * links);
  });
}

function round(ledger: Ledger, order: Uint32Array): void {
  for (let at = 0; at < order.length; at += BATCH) batch(ledger, order, at, Math.min(at + BATCH, order.length));
}

function batch(ledger: Ledger, order: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i += 1) {
    const hold = ledger.holdProvide(order[i] as number, 1);
    if (hold < 0) throw new Error(`refused: ${hold}`);
    ledger.commit(hold, serviceColumn.transit, 1);
  }
}
