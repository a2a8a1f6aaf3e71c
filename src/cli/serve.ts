import { Command, InvalidArgumentError, Option } from 'commander';
import { MAX_REPLIES } from '../api/packet-limits.ts';
import { MAX_PAYLOAD_BYTES, MAX_VALUE } from '../core/carrier/packet.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { payloadOf } from './payload.ts';
import { answer, type CommandContext } from './terminal.ts';
import { wholeFrom } from './whole-number.ts';

interface ServeOptions extends ApiOptions {
  readonly price: number;
  readonly replies: number;
  readonly split: 'floor' | 'exact';
  readonly file?: string;
  readonly text?: string;
  readonly off?: true;
}

/** `wayleave serve` */
export function serveCommand(context: CommandContext): Command {
  return withApiOptions(new Command('serve'))
    .description(
      'Lets the running node answer requests that arrive as value packets: it keeps its price and returns the rest as ' +
        'change in its replies. It goes on until the node stops, or until `--off`.',
    )
    .option('--price <units>', 'what it keeps of a request', wholeFrom(0, MAX_VALUE), 0)
    .option('--replies <number>', 'how many packets each answer has', wholeFrom(1, MAX_REPLIES), 1)
    .addOption(
      new Option('--split <how>', 'change that does not divide evenly: keep the rest, or give some replies one more')
        .choices(['floor', 'exact'])
        .default('floor'),
    )
    .addOption(new Option('--file <path>', 'what each reply carries, at most 15360 bytes').conflicts('text'))
    .option('--text <text>', 'the same, as typed')
    .option('--off', 'answer no more requests')
    .option('--json', 'answer in JSON')
    .action(async ({ price, replies, split, off, ...options }: ServeOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      const rule = off ? { off } : { price, replies, split, payload: await replyOf(options) };
      const result = await api.servePackets(rule);
      answer(context, result, () => [off ? 'Requests are not answered any more.' : `Serving at ${price} units.`]);
    });
}

/** What each reply carries, in base64. A file goes as several packets, an answer does not. */
async function replyOf(options: Pick<ServeOptions, 'file' | 'text'>): Promise<string> {
  const bytes = await payloadOf(options);
  if (bytes.length <= MAX_PAYLOAD_BYTES) return bytes.toString('base64');
  throw new InvalidArgumentError(`A reply carries at most ${MAX_PAYLOAD_BYTES} bytes, and this is ${bytes.length}.`);
}
