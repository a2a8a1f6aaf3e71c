import { join } from 'node:path';
import { cpuSeconds } from '../measure.ts';
import { startWorker } from '../worker.ts';
import { Payer } from './payment-ends.ts';

/** One node that pays many, each in a channel of its own and over a TLS link of its own. */
export interface PaidLinks {
  /** So many payments over the link: durable at the payer, sent, checked, durable at the payee, acknowledged. */
  pay(link: number, payments: number): Promise<void>;
  /** CPU seconds so far of both ends together. */
  cpu(): Promise<number>;
  close(): Promise<void>;
}

/** The payer here, those who are paid in another process; a store for each, in `folder`. */
export async function paidLinks(folder: string, count: number): Promise<PaidLinks> {
  const payer = await Payer.open(folder, count);
  const file = join(import.meta.dirname, 'payees-case.ts');
  const payees = await startWorker(file, [String(payer.port), folder, String(count)]);
  await payer.complete;
  return {
    pay: (link, payments) => payer.pay(link, payments),
    cpu: async () => cpuSeconds() + (await payees.cpu()),
    async close() {
      await payees.stop();
      await payer.close();
    },
  };
}
