import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { EvmChain } from '../chain/evm-chain.ts';
import type { Signer } from '../chain/signer.ts';
import { codeOf } from '../core/errors.ts';
import { systemClock } from '../node/system-clock.ts';
import { type ChannelSight, type WatchedChannel, watchChannel } from '../settle/channel-watch.ts';
import { WatchedTotals } from '../settle/watched-totals.ts';
import { readChannels } from './channel-export.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { answer, type CommandContext } from './terminal.ts';
import { unlockKey } from './unlock-key.ts';

interface WatchOptions {
  readonly rpc: readonly string[];
  readonly key: string;
  readonly passwordFile?: string;
  readonly insecurePlainKey?: true;
  readonly every: number;
  readonly maxGasPriceWei?: bigint;
  readonly once?: true;
}

/** The shortest freeze period this program accepts is an hour: an old state is seen many times before it is over. Seconds. */
const MAX_EVERY_S = 900;

/** `wayleave watch FILE` */
export function watchCommand(context: CommandContext): Command {
  return new Command('watch')
    .description(
      'Watches the channels of a node that may be off, on another machine and without its key: answers an old state on the ' +
        'chain with the newest one in the file, finishes a close when it is due, until Ctrl-C. What it hands in pays that ' +
        'node alone; the key here only pays the gas.',
    )
    .argument('<file>', 'what wayleave channel export wrote; read again at every look')
    .requiredOption('--rpc <url>', 'JSON-RPC endpoint of the chain; may be repeated', collect)
    .requiredOption('--key <file>', 'key file with some coin for gas, made by wayleave init; not that of the node')
    .option('--password-file <file>', 'file whose first line is the password of the key')
    .option('--insecure-plain-key', 'the key is not encrypted: for demonstrations only')
    .option('--every <seconds>', 'how often to look', everyS, 60)
    .option('--max-gas-price-wei <wei>', 'never pay more for a unit of gas', wei)
    .option('--once', 'look once; exit code 0 only if every channel is safe')
    .option('--json', 'answer in JSON: one object, or, without --once, one a line')
    .action(async (file: string, options: WatchOptions) => {
      const path = resolve(context.terminal.folder, file);
      const first = readChannels(path);
      const watch = new Watch({ options, path, signer: await unlock(options, context) });
      try {
        if (options.once === true) return await once(context, watch, watch.learn(first));
        watch.learn(first);
        await forever(context, watch, options.every);
      } finally {
        await watch.close();
      }
    });
}

interface WatchParts {
  readonly options: WatchOptions;
  readonly path: string;
  readonly signer: Signer;
}

/** What is known of the channels, and the chains they stand on. */
class Watch {
  readonly #parts: WatchParts;
  readonly #totals = new WatchedTotals();
  readonly #chains = new Map<string, EvmChain>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Takes what is new in the file, and tells of what it did not take. Throws as `readChannels`. */
  learn(channels: readonly WatchedChannel[] = readChannels(this.#parts.path)): readonly ChannelSight[] {
    return this.#totals.learn(channels);
  }

  /** One of each channel, always in the same order. */
  async look(): Promise<ChannelSight[]> {
    const sights: ChannelSight[] = [];
    for (const each of this.#totals.all) {
      const chain = await this.#chain(each);
      const sight = await watchChannel(each, chain.channels, Math.floor(systemClock.wallMs() / 1000));
      // Better said now than when it matters.
      const helpless = sight.code === undefined && sight.state !== 'closed' && (await this.#isPoor(chain));
      sights.push(helpless ? { ...sight, code: 'CHAIN_FUNDS_MISSING' } : sight);
    }
    return sights;
  }

  /** Whether this key could not pay for any transaction. */
  async #isPoor(chain: EvmChain): Promise<boolean> {
    return (await chain.balance(this.#parts.signer.id).catch(() => 1n)) === 0n;
  }

  async #chain({ chainId, factory, token }: WatchedChannel): Promise<EvmChain> {
    const name = `${chainId} ${factory} ${token ?? ''}`;
    const open = this.#chains.get(name);
    if (open !== undefined) return open;
    const { options, signer } = this.#parts;
    const { createEvmChain } = await import('../chain/evm-chain.ts');
    const { maxGasPriceWei: most, rpc: urls } = options;
    const made = createEvmChain({ urls, chainId, factory, token, signer, clock: systemClock, ...maxFee(most) });
    this.#chains.set(name, made);
    return made;
  }

  async close(): Promise<void> {
    for (const chain of this.#chains.values()) await chain.close();
  }
}

function maxFee(wei: bigint | undefined): { maxFeePerGasWei?: bigint } {
  return wei === undefined ? {} : { maxFeePerGasWei: wei };
}

async function once(context: CommandContext, watch: Watch, refused: readonly ChannelSight[]): Promise<void> {
  const channels = [...refused, ...(await watch.look())];
  const ok = channels.every(({ code }) => code === undefined);
  answer(context, { ok, channels }, () => (channels.length === 0 ? ['There is no channel.'] : channels.map(line)));
  context.exit(ok ? 0 : 1);
}

async function forever(context: CommandContext, watch: Watch, seconds: number): Promise<void> {
  const told = new Map<string, string>();
  const say = (what: string, sight: object, text: string): void => {
    if (told.get(what) === text) return;
    told.set(what, text);
    const at = new Date(systemClock.wallMs()).toISOString();
    answer(context, { at, ...sight }, () => [`${at}  ${text}`]);
  };
  const stop = new AbortController();
  const letGo = stopOnSignals(stop);
  try {
    while (!stop.signal.aborted) {
      try {
        const refused = watch.learn();
        told.delete('file');
        for (const sight of refused) say(`refused ${sight.channel}`, sight, `not taken from the file: ${line(sight)}`);
        forgetOthers(told, refused);
      } catch (error) {
        // What was read before still counts.
        const code = codeOf(error) ?? 'FILE_UNREADABLE';
        say('file', { code }, `${code}: going on with what was in the file before`);
      }
      for (const [at, sight] of (await watch.look()).entries()) say(`channel ${at}`, sight, line(sight));
      await pause(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    letGo();
  }
}

/** What is refused no more is told again when it comes back. */
function forgetOthers(told: Map<string, string>, refused: readonly ChannelSight[]): void {
  const still = new Set(refused.map(({ channel }) => `refused ${channel}`));
  for (const what of told.keys()) if (what.startsWith('refused ') && !still.has(what)) told.delete(what);
}

/** What happened to a channel, in a line. */
function line({ act, channel, closesAtS, code, neighbour, signedWei, state }: ChannelSight): string {
  const until = closesAtS === undefined ? '' : ` until ${new Date(closesAtS * 1000).toISOString()}`;
  const done = act === undefined ? '' : `; ${act}`;
  return `${channel} with ${neighbour}: ${state}${until}, ${signedWei} wei signed${done}${code === undefined ? '' : `; ${code}`}`;
}

function unlock(options: WatchOptions, { terminal }: CommandContext): Promise<Signer> {
  const { insecurePlainKey: insecure = false, key, passwordFile: file } = options;
  const passwordFile = file === undefined ? undefined : resolve(terminal.folder, file);
  return unlockKey({ path: resolve(terminal.folder, key), passwordFile, insecure }, terminal);
}

function collect(value: string, before: readonly string[] = []): string[] {
  if (!/^https?:\/\//.test(value)) throw new InvalidArgumentError('It must begin with http:// or https://.');
  return [...before, value];
}

function everyS(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_EVERY_S) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_EVERY_S}.`);
}

function wei(text: string): bigint {
  if (/^\d{1,30}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It must be a whole number of wei.');
}
