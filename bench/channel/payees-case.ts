/** payees-case.ts PORT FOLDER COUNT   those who are paid, in a process of their own. */
import { serveWorker } from '../worker.ts';
import { dialPayer } from './payment-ends.ts';

const [port = '', folder = '', count = ''] = process.argv.slice(2);
const payees = await dialPayer(Number(port), folder, Number(count));
serveWorker(Number(port), () => payees.close());
