/**
 * node worker.ts URL NODE FILE SEED   one node that writes cheques from a shared chequebook until it is empty or it is
 * killed. Each cheque is noted in FILE as soon as it is durable (a file, not a pipe: a pipe can be full).
 */
import { openSync, writeSync } from 'node:fs';
import { codeOf } from '../../src/core/errors.ts';
import { freeWei } from '../../src/core/settlement/credit-lease.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { openPostgresStore } from '../../src/store/postgres-store.ts';
import { chequebook, order } from '../conformance/credit-orders.ts';

const [url = '', nodeId = '', file = '', seed = '0'] = process.argv.slice(2);
const BENEFICIARIES = 6;
const IN_FLIGHT = 12;
const LARGEST = 40n;
const LEASE_MS = 300;

const store = await openPostgresStore({ url, nodeId, clock: systemClock, leaseMs: LEASE_MS });
const reports = openSync(file, 'w');
let next = Number(seed);
process.stdout.write('ready\n');

async function run(): Promise<void> {
  for (;;) {
    const n = next++;
    try {
      const { beneficiary, cumulative } = await store.credit.issue(
        order(n % BENEFICIARIES, (BigInt(n * 7919) % LARGEST) + 1n),
      );
      writeSync(reports, `${beneficiary} ${cumulative}\n`);
    } catch (error) {
      if (codeOf(error) !== 'CHEQUEBOOK_EMPTY') throw error;
      if ((await stillToCome()) < LARGEST) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What is free, or may become so when others give it back or are found dead. */
async function stillToCome(): Promise<bigint> {
  const standing = await store.credit.standing(chequebook);
  const leases = standing?.leases.filter(({ node }) => node !== nodeId) ?? [];
  const free = standing === undefined ? 0n : freeWei(standing);
  return leases.reduce((sum, { grantedWei, issuedWei }) => sum + grantedWei - issuedWei, free);
}

await Promise.all(Array.from({ length: IN_FLIGHT }, run));
await store.close();
