import type { NodeId } from '../../core/node-id.ts';
import { readTransferNotes, type SentTransfer } from '../../settle/transfer-notes.ts';
import type { ChannelTotalRecord, NoteRecord } from '../../store/store.ts';

/** What one node's records say of a transfer that arrived and was credited. */
export interface CreditedTransfer {
  readonly payer: NodeId;
  readonly transaction: string;
  readonly wei: bigint;
  readonly units: number;
}

/** One node's transfers and channels as its disk has them, added up over all its lives. */
export class ChainMoney {
  readonly #weiPerUnit: bigint;
  /** Payments that left or may have left, by neighbour and id. */
  readonly #sent = new Map<NodeId, Map<number, SentTransfer>>();
  readonly #credited = new Map<NodeId, Map<string, CreditedTransfer>>();
  readonly #totals = new Map<string, ChannelTotalRecord>();

  constructor(weiPerUnit: bigint) {
    this.#weiPerUnit = weiPerUnit;
  }

  /** A note of whatever kind. Returns whom it concerns, and what it says for the first time. */
  note(
    record: NoteRecord,
  ):
    | { readonly neighbour: NodeId; readonly credited: readonly CreditedTransfer[]; readonly sent?: SentTransfer }
    | undefined {
    if (!record.name.startsWith('transfer')) return undefined;
    const { books, sent } = readTransferNotes([record]);
    for (const each of sent) {
      const theirs = this.#sent.get(each.neighbour) ?? new Map<number, SentTransfer>();
      this.#sent.set(each.neighbour, theirs.set(each.id, each));
      return { neighbour: each.neighbour, credited: [], sent: each };
    }
    for (const [payer, { recent }] of books) {
      const known = this.#credited.get(payer) ?? new Map<string, CreditedTransfer>();
      this.#credited.set(payer, known);
      const credited = recent
        .filter(({ key, state }) => state === 'credited' && !known.has(key))
        .map(({ key, units, wei }) => ({ payer, transaction: key.slice(0, key.indexOf('/')), wei, units, key }));
      for (const each of credited) known.set(each.key, each);
      return { neighbour: payer, credited };
    }
    return undefined;
  }

  total(record: ChannelTotalRecord): ChannelTotalRecord | undefined {
    const key = `${record.channel} ${record.side}`;
    const before = this.#totals.get(key);
    this.#totals.set(key, record);
    return before;
  }

  mine(channel: NodeId): ChannelTotalRecord | undefined {
    return this.#totals.get(`${channel} mine`);
  }

  theirs(channel: NodeId): ChannelTotalRecord | undefined {
    return this.#totals.get(`${channel} theirs`);
  }

  /** Units that were credited to a neighbour, by its transfers and in its channels. */
  creditedUnits(neighbour: NodeId): number {
    let units = 0;
    for (const each of this.#credited.get(neighbour)?.values() ?? []) units += each.units;
    for (const { amount, neighbour: of, side } of this.#totals.values())
      if (side === 'theirs' && of === neighbour) units += amount;
    return units;
  }

  /** Wei that a neighbour took of this node, by transfer and in channels. */
  acceptedWei(neighbour: NodeId): bigint {
    let wei = 0n;
    for (const each of this.#sent.get(neighbour)?.values() ?? [])
      if (each.state === 'acknowledged') wei += this.#counts(each);
    for (const { acceptedCumulative, neighbour: to, side } of this.#totals.values())
      if (side === 'mine' && to === neighbour) wei += acceptedCumulative;
    return wei;
  }

  /** Of a transfer, what its payer says has arrived: a token may keep a part. */
  #counts({ units, wei }: SentTransfer): bigint {
    const arrived = BigInt(units) * this.#weiPerUnit;
    return arrived < wei ? arrived : wei;
  }

  /** Wei that left to a neighbour, or may have, less what a token kept. */
  writtenWei(neighbour: NodeId): bigint {
    let wei = 0n;
    for (const each of this.#sent.get(neighbour)?.values() ?? [])
      if (each.state !== 'failed') wei += this.#counts(each);
    for (const { cumulative, neighbour: to, side } of this.#totals.values())
      if (side === 'mine' && to === neighbour) wei += cumulative;
    return wei;
  }

  /** Wei that left by transfer, or may have, with what a token kept of it. */
  transferredWei(neighbour: NodeId): bigint {
    let wei = 0n;
    for (const each of this.#sent.get(neighbour)?.values() ?? []) if (each.state !== 'failed') wei += each.wei;
    return wei;
  }
}
