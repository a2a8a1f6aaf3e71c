import { Command, Option } from 'commander';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { payloadOf } from './payload.ts';
import { whole } from './send.ts';
import { answer, type CommandContext } from './terminal.ts';

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
    .option('--price <units>', 'what it keeps of a request', whole, 0)
    .option('--replies <number>', 'how many packets each answer has', whole, 1)
    .addOption(
      new Option('--split <how>', 'change that does not divide evenly: keep the rest, or give some replies one more')
        .choices(['floor', 'exact'])
        .default('floor'),
    )
    .option('--file <path>', 'what each reply carries, at most 15360 bytes')
    .option('--text <text>', 'the same, as typed')
    .option('--off', 'answer no more requests')
    .option('--json', 'answer in JSON')
    .action(async ({ price, replies, split, off, ...options }: ServeOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      const rule = off ? { off } : { price, replies, split, payload: (await payloadOf(options)).toString('base64') };
      const result = await api.servePackets(rule);
      answer(context, result, () => [off ? 'Requests are not answered any more.' : `Serving at ${price} units.`]);
    });
}
