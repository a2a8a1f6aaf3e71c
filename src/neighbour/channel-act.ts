import { CHANNEL_ENTRIES, type ChannelEntry, type HistoryNote } from '../core/ledger/history.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord } from '../store/store.ts';

const PREFIX = 'channel-act:';

/** Something that happened to a channel on the chain. */
export interface ChannelAct {
  readonly channel: NodeId;
  readonly act: ChannelEntry;
  /** What was put in in all, or was taken out. */
  readonly wei?: bigint | undefined;
  /** The transaction, where this node sent it. */
  readonly transaction?: string | undefined;
}

/** Is this one of the things that a link's history tells of? */
export function isChannelEntry(act: unknown): act is ChannelEntry {
  return (CHANNEL_ENTRIES as readonly unknown[]).includes(act);
}

/** The last of each channel is a note; written with the account it becomes a line of the link's history. */
export function channelActNote({ act, channel, transaction, wei = 0n }: ChannelAct): NoteRecord {
  return { kind: 'note', name: PREFIX + channel, text: JSON.stringify([act, String(wei), transaction ?? channel]) };
}

/** The line of the history; undefined for another note. */
export function channelActOf({ name, text }: NoteRecord): HistoryNote | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const [entry, wei, reference] = JSON.parse(text) as [ChannelEntry, string, string];
  return { entry, wei: BigInt(wei), reference };
}
