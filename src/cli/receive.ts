import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { type ApiOptions, type CameIn, NodeApi, withApiOptions } from './node-api.ts';
import { payloadText } from './payload.ts';
import type { CommandContext } from './terminal.ts';
import { whole, wholeFrom } from './whole-number.ts';

/** A timer of more would ring at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface ReceiveOptions extends ApiOptions {
  readonly count?: number;
  readonly wait?: number;
  readonly file?: string;
}

/** `wayleave receive` */
export function receiveCommand(context: CommandContext): Command {
  return withApiOptions(new Command('receive'))
    .description(
      'Shows the value packets that come for the running node, as long as it runs or until Ctrl-C. What they carry is ' +
        "the node's already. Packets that answer the node's own are not among them.",
    )
    .option('--count <number>', 'end after so many packets', whole)
    .option(
      '--wait <ms>',
      'end after so long, with exit code 1 where --count says more packets',
      wholeFrom(0, MAX_TIMER_MS),
    )
    .option('--file <path>', 'add what they carry to this file, in the order in which they come')
    .option('--json', 'answer in JSON, an object a line')
    .action(async (options: ReceiveOptions) => {
      const came = await receive(context, options);
      context.exit(came < (options.count ?? 0) ? 1 : 0);
    });
}

/** Returns how many packets came. Throws `API_UNREACHABLE` where the node stops before the count is reached. */
async function receive(context: CommandContext, { count, wait, file, ...options }: ReceiveOptions): Promise<number> {
  const api = NodeApi.find(options, context.terminal.folder);
  const stop = new AbortController();
  const timer = wait === undefined ? undefined : setTimeout(() => stop.abort(), wait);
  const target = file === undefined ? undefined : await opened(file);
  let came = 0;
  try {
    for await (const packet of api.receive(stop.signal)) {
      if (packet === undefined) context.terminal.err('Waiting for packets.\n');
      else {
        came += 1;
        await target?.appendFile(Buffer.from(packet.payload, 'base64'));
        context.terminal.out(`${context.json ? JSON.stringify(packet) : line(packet)}\n`);
      }
      if (count !== undefined && came >= count) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    await target?.close();
  }
  return came;
}

async function opened(file: string): ReturnType<typeof open> {
  try {
    return await open(file, 'a');
  } catch (cause) {
    throw new WayleaveError('FILE_UNWRITABLE', { file }, cause);
  }
}

function line({ id, value, from, replyTo, payload }: CameIn): string {
  const wanted = replyTo === undefined ? '' : `, answers to ${replyTo}`;
  return `${id}: ${value} units by ${from ?? 'this node'}${wanted}, ${payloadText(Buffer.from(payload, 'base64'))}`;
}
