import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import type {
  ChannelTotalRecord,
  IssuedChequeRecord,
  LinkRecord,
  NoteRecord,
  ReceivedChequeRecord,
  StoreRecord,
} from '../../store/store.ts';
import { ChainMoney, type CreditedTransfer } from '../chain/chain-money.ts';
import type { ChainTruth } from '../chain/chain-truth.ts';
import { BrokenRule } from './broken-rule.ts';

/** One node's money as its disk has it at this moment, by own sums over its records. */
class DurableMoney {
  readonly issued = new Map<string, IssuedChequeRecord>();
  readonly received = new Map<NodeId, ReceivedChequeRecord>();
  readonly links = new Map<NodeId, LinkRecord>();
  readonly chain: ChainMoney;

  constructor(weiPerUnit: bigint) {
    this.chain = new ChainMoney(weiPerUnit);
  }
}

export interface MoneyWatchOptions {
  /** Wei per unit, at which every node of the world pays and is paid. */
  readonly weiPerUnit: bigint;
  /** True for a node that keeps to the rules in what it writes and says. */
  readonly honest: (id: NodeId) => boolean;
  readonly nameOf: (id: NodeId) => string;
  /** Did it sign this cheque, with whichever v? */
  readonly signedBy: (cheque: SignedCheque, issuer: NodeId) => boolean;
  /** What the chain really has of transfers and channels. */
  readonly truth: ChainTruth;
  /** A payment was made durable by its payer: cumulative units to this beneficiary by all methods. */
  readonly issued: (payer: NodeId, beneficiary: NodeId, units: number) => void;
}

/**
 * Money once, at every moment a crash could show: after each durable batch, over all lives of a node, a cheque that was
 * taken is in the account it was credited to, and one that was accepted is in the account that paid it.
 */
export class MoneyWatch {
  readonly #options: MoneyWatchOptions;
  readonly #nodes = new Map<NodeId, DurableMoney>();

  constructor(options: MoneyWatchOptions) {
    this.#options = options;
  }

  #of(node: NodeId): DurableMoney {
    const found = this.#nodes.get(node) ?? new DurableMoney(this.#options.weiPerUnit);
    this.#nodes.set(node, found);
    return found;
  }

  /** A batch became durable on a node's disk. Throws `BrokenRule`. */
  written(node: NodeId, records: readonly StoreRecord[]): void {
    const money = this.#of(node);
    const touched = new Set<NodeId>();
    let sums = false;
    for (const record of latest(records)) {
      if (record.kind === 'link') {
        const before = money.links.get(record.neighbour);
        sums ||= before?.paid !== record.paid || before.received !== record.received;
        money.links.set(record.neighbour, record);
        touched.add(record.neighbour);
      } else if (record.kind === 'issued') {
        this.#issue(node, money, record);
        sums = true;
        touched.add(record.beneficiary);
      } else if (record.kind === 'received') {
        this.#receive(node, money, record);
        sums = true;
        touched.add(record.neighbour);
      } else if (record.kind === 'note' || record.kind === 'channelTotal') {
        const about = record.kind === 'note' ? this.#note(node, money, record) : this.#total(node, money, record);
        sums ||= about !== undefined;
        if (about !== undefined) touched.add(about);
      }
    }
    // Most batches are charges alone.
    if (sums) for (const neighbour of touched) this.#compare(node, money, neighbour);
  }

  /** As `written`, for a node that need not keep to any rule: only what others are compared with is remembered. */
  note(node: NodeId, records: readonly StoreRecord[]): void {
    const money = this.#of(node);
    for (const record of records) {
      if (record.kind === 'issued') money.issued.set(`${record.chequebook} ${record.beneficiary}`, record);
      else if (record.kind === 'channelTotal') money.chain.total(record);
    }
  }

  /** A transfer that left, or what arrived of one payer. Returns whom it concerns. */
  #note(node: NodeId, money: DurableMoney, record: NoteRecord): NodeId | undefined {
    const said = money.chain.note(record);
    if (said === undefined) return undefined;
    const { credited, neighbour, sent } = said;
    for (const each of credited) this.#arrived(node, each);
    if (sent?.state === 'failed' && this.#options.truth.stands(node, neighbour, sent.transaction))
      this.#broken('paid-once', node, neighbour, `says that ${sent.transaction} was not paid, and it was`);
    if (sent !== undefined) this.#issuedInAll(node, money, neighbour);
    return neighbour;
  }

  /** What is credited is in the chain, and deep enough. */
  #arrived(node: NodeId, { payer, transaction, wei }: CreditedTransfer): void {
    const { truth } = this.#options;
    const depth = truth.depthOf(payer, node, { transaction, wei });
    if (depth === undefined || depth < truth.confirmations)
      this.#broken('taken-is-good', node, payer, `credited ${wei} wei of ${transaction} at depth ${depth}`);
  }

  #total(node: NodeId, money: DurableMoney, record: ChannelTotalRecord): NodeId {
    const { channel, cumulative, neighbour, side, signature } = record;
    const before = money.chain.total(record);
    if (side === 'mine') {
      this.#signed(node, record, before);
      this.#issuedInAll(node, money, neighbour);
      return neighbour;
    }
    if (before !== undefined && cumulative < before.cumulative)
      this.#broken('received-grows', node, neighbour, `${before.cumulative} wei, then ${cumulative}`);
    const signed = this.#of(neighbour).chain.mine(channel)?.cumulative ?? 0n;
    if (this.#options.honest(neighbour) && signed < cumulative)
      this.#broken('sent-is-recorded', neighbour, node, `took ${cumulative} wei of ${signed} in ${channel}`);
    const cheque = { chequebook: channel, beneficiary: node, cumulativeWei: cumulative, signature };
    if (!this.#options.honest(neighbour) && !this.#options.signedBy(cheque, neighbour))
      this.#broken('taken-is-good', node, neighbour, `took ${cumulative} wei that it did not sign for`);
    return neighbour;
  }

  /** A total that was signed never shrinks, but where its channel is over and it can never count. */
  #signed(node: NodeId, record: ChannelTotalRecord, before: ChannelTotalRecord | undefined): void {
    const { acceptedCumulative, channel, cumulative, neighbour } = record;
    if (before === undefined) return;
    const void_ = this.#options.truth.neverCounts(channel, node, before.cumulative);
    if (cumulative < before.cumulative && !void_)
      this.#broken('issued-grows', node, neighbour, `${before.cumulative} wei, then ${cumulative} in ${channel}`);
    if (acceptedCumulative < before.acceptedCumulative)
      this.#broken('accepted-grows', node, neighbour, `${before.acceptedCumulative}, then ${acceptedCumulative}`);
  }

  #issuedInAll(node: NodeId, money: DurableMoney, beneficiary: NodeId): void {
    const wei = this.#sumIssued(money, beneficiary).cumulative + money.chain.writtenWei(beneficiary);
    this.#options.issued(node, beneficiary, this.#units(wei));
  }

  #issue(node: NodeId, money: DurableMoney, record: IssuedChequeRecord): void {
    const key = `${record.chequebook} ${record.beneficiary}`;
    const before = money.issued.get(key);
    if (before !== undefined && record.cumulative < before.cumulative)
      this.#broken('issued-grows', node, record.beneficiary, `${before.cumulative} wei, then ${record.cumulative}`);
    if (before !== undefined && record.acceptedCumulative < before.acceptedCumulative)
      this.#broken(
        'accepted-grows',
        node,
        record.beneficiary,
        `${before.acceptedCumulative}, then ${record.acceptedCumulative}`,
      );
    money.issued.set(key, record);
    this.#issuedInAll(node, money, record.beneficiary);
  }

  #receive(node: NodeId, money: DurableMoney, record: ReceivedChequeRecord): void {
    const before = money.received.get(record.chequebook);
    if (before !== undefined && record.cumulative < before.cumulative)
      this.#broken('received-grows', node, record.neighbour, `${before.cumulative} wei, then ${record.cumulative}`);
    money.received.set(record.chequebook, record);
    this.#checkSigned(node, record);
    const issued = this.#of(record.neighbour).issued.get(`${record.chequebook} ${node}`);
    if ((issued?.cumulative ?? 0n) < record.cumulative && this.#options.honest(record.neighbour))
      this.#broken(
        'sent-is-recorded',
        record.neighbour,
        node,
        `took ${record.cumulative} wei of ${issued?.cumulative ?? 0n}`,
      );
  }

  /** What was taken would be paid out to whoever took it. Honest payers are looked at more closely. */
  #checkSigned(node: NodeId, { neighbour, chequebook, cumulative, signature }: ReceivedChequeRecord): void {
    if (this.#options.honest(neighbour)) return;
    const cheque = { chequebook, beneficiary: node, cumulativeWei: cumulative, signature };
    if (cumulative > 0n && !this.#options.signedBy(cheque, neighbour))
      this.#broken('taken-is-good', node, neighbour, `took ${cumulative} wei that it did not sign for`);
  }

  #compare(node: NodeId, money: DurableMoney, neighbour: NodeId): void {
    const link = money.links.get(neighbour);
    let credited = money.chain.creditedUnits(neighbour);
    for (const record of money.received.values()) if (record.neighbour === neighbour) credited += record.creditedUnits;
    if (credited !== (link?.received ?? 0))
      this.#broken('credited-once', node, neighbour, `payments of ${credited} units, account ${link?.received ?? 0}`);
    const accepted = this.#units(this.#sumIssued(money, neighbour).accepted + money.chain.acceptedWei(neighbour));
    const paid = link?.paid ?? 0;
    const wrong = this.#options.honest(neighbour) ? paid !== accepted : paid < accepted;
    if (wrong) this.#broken('paid-once', node, neighbour, `accepted ${accepted} units, account ${paid}`);
    const [left, arrived] = [money.chain.transferredWei(neighbour), this.#options.truth.paidWei(node, neighbour)];
    if (arrived > left)
      this.#broken('paid-once', node, neighbour, `${arrived} wei arrived of ${left} that it says were sent`);
  }

  #sumIssued(money: DurableMoney, beneficiary: NodeId): { cumulative: bigint; accepted: bigint } {
    let cumulative = 0n;
    let accepted = 0n;
    for (const record of money.issued.values()) {
      if (record.beneficiary !== beneficiary) continue;
      cumulative += record.cumulative;
      accepted += record.acceptedCumulative;
    }
    return { cumulative, accepted };
  }

  #units(wei: bigint): number {
    return Number(wei / this.#options.weiPerUnit);
  }

  /** All cheques a node holds of another, durable: chequebook and cumulative wei. */
  held(node: NodeId, from: NodeId): readonly ReceivedChequeRecord[] {
    return [...this.#of(node).received.values()].filter(({ neighbour }) => neighbour === from);
  }

  /** The last totals in a channel that are durable at one party, signed by it and by the other. */
  totals(node: NodeId, channel: NodeId): { readonly mine: bigint; readonly theirs: bigint } {
    const { chain } = this.#of(node);
    return { mine: chain.mine(channel)?.cumulative ?? 0n, theirs: chain.theirs(channel)?.cumulative ?? 0n };
  }

  #broken(rule: string, node: NodeId, about: NodeId, what: string): never {
    throw new BrokenRule(rule, `${this.#options.nameOf(node)} about ${this.#options.nameOf(about)}: ${what}`);
  }
}

/** A batch becomes durable as a whole: of several records with one key only the last was ever there. */
function latest(records: readonly StoreRecord[]): readonly StoreRecord[] {
  // Most batches are one record of each account.
  if (records.length === 1) return records;
  const byKey = new Map<string, StoreRecord>();
  for (const record of records) byKey.set(keyOf(record), record);
  return byKey.size === records.length ? records : [...byKey.values()];
}

function keyOf(record: StoreRecord): string {
  if (record.kind === 'issued') return `issued ${record.chequebook} ${record.beneficiary}`;
  if (record.kind === 'received') return `received ${record.chequebook}`;
  if (record.kind === 'note') return `note ${record.name}`;
  if (record.kind === 'channelTotal') return `total ${record.channel} ${record.side}`;
  return record.kind === 'link' ? `link ${record.neighbour}` : record.kind;
}
