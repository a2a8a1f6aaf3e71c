import { Line } from '../../test/e2e/line.fixture.ts';
import { serveWorker } from '../worker.ts';
import { bareLine } from './bare-line.ts';
import { countNothing } from './count-nothing.ts';
import { plainLine } from './plain-proxies.ts';

/** Cheques every so many MB, and credit so wide that no payment is ever waited for. */
const credit = (payAtMb: number): string =>
  `[credit]\npay_at_mb = ${payAtMb}\ndrop_at_mb = ${payAtMb + 4096}\nrisk_at_mb = 1000000`;

/** By the name of the case; `counted` pays nothing before all is measured, and `uncounted` has nothing to pay. */
const PAY_AT_MB: Readonly<Record<string, number>> = { paid: 16, counted: 8192, uncounted: 8192 };

/**
 * Gas is worth so much beside what passes that no cheque is cashed meanwhile. At the price of the development chain each
 * hundred MB would be, which is a dozen calls to the chain; what cashing costs depends on the chain, not on the bytes.
 */
const DEAR_GAS = 'wei_per_unit = 10000';

/** Four real nodes with accounts, journals and cheques; their chain is in the parent, as a chain is never in a node. */
async function paidLine(payAtMb: number): Promise<{ port: number; close(): Promise<void> }> {
  const line = new Line(4, {
    end: () => credit(payAtMb),
    settlement: () => DEAR_GAS,
    rpcUrl,
    folder,
    keepsNoEvents: true,
  });
  await line.start();
  await line.ready();
  return { port: line.proxyPort, close: () => line.close() };
}

/**
 * `case.ts paid|counted|uncounted|bare|tls|tcp ORIGIN_PORT RPC_URL FOLDER`: one line of four hops in this process. A paid line whose folder
 * was used before has its chequebooks already, as a node has on every day but its first.
 */
const [kind = '', originPort = '', rpcUrl = '', folder = ''] = process.argv.slice(2);
const payAtMb = PAY_AT_MB[kind];
if (kind === 'uncounted') countNothing();
const line =
  payAtMb !== undefined
    ? paidLine(payAtMb)
    : kind === 'bare'
      ? bareLine()
      : plainLine(kind === 'tls', Number(originPort));
const { port, close } = await line;
serveWorker(port, close);
