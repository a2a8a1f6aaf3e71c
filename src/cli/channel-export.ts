import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import type { ChannelStatus } from '../node/node.ts';
import type { WatchedChannel } from '../settle/channel-watch.ts';

/** More than every channel a node remembers takes; a larger file is something else. */
const MAX_EXPORT_BYTES = 64_000_000;
/** What the contracts and a signature over it can name. */
const MAX_WEI = 2n ** 256n - 1n;
const KIND = 'wayleave channels';

/**
 * Writes what it takes to hand in the newest totals that neighbours signed, and no key. The file is replaced whole, so that
 * whoever reads along never sees half of it. Throws `FILE_UNWRITABLE`.
 */
export function writeChannels(file: string, channels: readonly ChannelStatus[]): void {
  const text = `${JSON.stringify({ schema: 1, kind: KIND, channels }, null, 2)}\n`;
  const draft = `${file}.new`;
  try {
    // It holds no secret; but who trades with whom is nobody else's business.
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  } catch (cause) {
    throw new WayleaveError('FILE_UNWRITABLE', { file }, cause);
  }
}

/** Throws `FILE_UNREADABLE`, `CHANNEL_EXPORT_INVALID`. Whether a signature is genuine is not looked at here. */
export function readChannels(file: string): WatchedChannel[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WayleaveError('FILE_UNREADABLE', { file }, cause);
  }
  if (text.length > MAX_EXPORT_BYTES) throw new WayleaveError('CHANNEL_EXPORT_INVALID', { file, what: 'too long' });
  try {
    const raw = JSON.parse(text) as { schema: unknown; kind: unknown; channels: unknown[] };
    if (raw.schema !== 1 || raw.kind !== KIND) throw new TypeError('another kind of file');
    return raw.channels.map((each) => channelOf(each as Record<string, unknown>));
  } catch (cause) {
    throw new WayleaveError('CHANNEL_EXPORT_INVALID', { file, what: (cause as Error).message }, cause);
  }
}

function channelOf(raw: Record<string, unknown>): WatchedChannel {
  const { chainId, receivedWei, signature } = raw;
  if (!Number.isSafeInteger(chainId) || (chainId as number) <= 0) throw new TypeError('chainId');
  const channel = idOf(raw, 'channel');
  const payee = idOf(raw, 'payee');
  const common = { chainId: chainId as number, factory: idOf(raw, 'factory'), channel, payee };
  const token = raw['token'] === undefined ? undefined : idOf(raw, 'token');
  const watched = { ...common, token, neighbour: idOf(raw, 'neighbour'), newest: undefined };
  if (signature === undefined) return watched;
  if (typeof receivedWei !== 'string' || !/^\d{1,78}$/.test(receivedWei) || BigInt(receivedWei) > MAX_WEI)
    throw new TypeError('receivedWei');
  if (typeof signature !== 'string' || !/^0x[0-9a-f]{130}$/i.test(signature)) throw new TypeError('signature');
  const newest = {
    chequebook: channel,
    beneficiary: payee,
    cumulativeWei: BigInt(receivedWei),
    signature: Uint8Array.from(Buffer.from(signature.slice(2), 'hex')),
  };
  return { ...watched, newest };
}

function idOf(raw: Record<string, unknown>, name: string): NodeId {
  const value = raw[name];
  if (typeof value !== 'string' || !isNodeId(value)) throw new TypeError(name);
  return value;
}
