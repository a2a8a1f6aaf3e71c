import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bench, Row } from './bench.ts';
import { LAUNCHER_ENV, LAUNCHER_FLAGS } from './launcher.ts';
import { median, medianInterval } from './measure.ts';

/** Charges through the public door of the ledger, in a process that is set up as `bin/wayleave` sets a node up. */
export const bench: Bench = {
  id: 'charge',
  rows: async (context) =>
    [
      { links: 1_000, least: 20e6 },
      { links: 1_000_000, least: 5e6 },
    ].map(({ links, least }): Row => {
      context.say(`Charges over ${links} links`);
      const rates = ratesOver(links);
      return {
        id: `charge.${links}-links`,
        value: median(rates),
        unit: 'charges/CPU-s',
        target: { of: 'value', least },
        interval: medianInterval(rates),
      };
    }),
};

function ratesOver(links: number): number[] {
  const args = [...LAUNCHER_FLAGS, join(import.meta.dirname, 'charge-case.ts'), String(links)];
  const env = { ...process.env, ...LAUNCHER_ENV };
  const { status, stdout } = spawnSync(process.execPath, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`charges over ${links} links ended with ${status}`);
  return JSON.parse(stdout) as number[];
}
