import { join } from 'node:path';
import { startWorker } from '../worker.ts';
import { dialPayer, Payer } from './payment-ends.ts';

/** One node that pays many, each in a channel of its own and over a TLS link of its own. */
export interface PaidLinks {
  /** So many payments over the link: durable at the payer, sent, checked, durable at the payee, acknowledged. */
  pay(link: number, payments: number): Promise<void>;
  close(): Promise<void>;
}

/** Two stores, of the payer and of all payees, in `folder`; both ends in this process, or those who are paid in another. */
export async function paidLinks(folder: string, count: number, inOneProcess: boolean): Promise<PaidLinks> {
  const payer = await Payer.open(folder, count);
  const payees = inOneProcess ? await dialPayer(payer.port, folder, count) : await apart(payer.port, folder, count);
  await payer.complete;
  return {
    pay: (link, payments) => payer.pay(link, payments),
    async close() {
      await payees.close();
      await payer.close();
    },
  };
}

async function apart(port: number, folder: string, count: number): Promise<{ close(): Promise<void> }> {
  const file = join(import.meta.dirname, 'payees-case.ts');
  const worker = await startWorker(file, [String(port), folder, String(count)]);
  return { close: () => worker.stop() };
}
