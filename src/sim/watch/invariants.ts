import { recoverChequeIssuer } from '../../chain/cheque-signing.ts';
import { unexplained } from '../../core/ledger/audit.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { commonMethod } from '../../core/terms/terms.ts';
import type { NodeEvent } from '../../node/node.ts';
import type { StoreRecord } from '../../store/store.ts';
import { ChainTruth } from '../chain/chain-truth.ts';
import type { SimChain } from '../chain/sim-chain.ts';
import type { SimNode } from '../sim-node.ts';
import { AccountWatch } from './account-watch.ts';
import { BrokenRule } from './broken-rule.ts';
import { CreditWatch } from './credit-watch.ts';
import { MoneyWatch } from './money-watch.ts';
import { oneForOne } from './one-for-one.ts';

export interface InvariantsOptions {
  readonly nodes: readonly SimNode[];
  readonly edges: readonly (readonly [SimNode, SimNode])[];
  readonly honest: (node: SimNode) => boolean;
  readonly chain: SimChain;
  readonly riskAt: number;
  readonly weiPerUnit: bigint;
  /** Blocks until a transfer counts. */
  readonly confirmations: number;
  /** Something was done lately to the messages between these two that only a hostile end or proxy could do. */
  readonly tampered: (a: NodeId, b: NodeId) => boolean;
}

const SERVICES = [0, 1, 2] as const;
const EVERYTHING = {
  sinceMs: -Number.MAX_SAFE_INTEGER,
  untilMs: Number.MAX_SAFE_INTEGER,
  limit: Number.MAX_SAFE_INTEGER,
};

/** Verdicts that accuse a neighbour's books: between honest ends there is never one. */
const WRONG_BOOKS = /^(STATEMENT_(UNDERCOUNTS|OVERCOUNTS|PAYMENTS|DENIED|CONTRADICTS|REPEATED)|COUNTS_INFLATED)$/;

/** The rules of DESIGN §3, looked at after every step; only accounts that may have moved. */
export class Invariants {
  /** The first rule that was found broken. Kept, since production code may swallow what is thrown through it. */
  broken: BrokenRule | undefined;
  readonly #options: InvariantsOptions;
  readonly #money: MoneyWatch;
  readonly #truth: ChainTruth;
  readonly #byNode = new Map<NodeId, Map<NodeId, AccountWatch>>();
  readonly #names = new Map<NodeId, string>();
  readonly #cheats = new Set<NodeId>();
  readonly #credit = new Map<NodeId, CreditWatch>();
  /** Pairs of which one cannot pay and has been the debtor for too long: they part, again and again. */
  readonly #oneWay = new Set<AccountWatch>();

  constructor(options: InvariantsOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#know(node);
    for (const [a, b] of options.edges) this.#join(a, b);
    options.chain.blocks.reorganising = () => this.#cashedByAll();
    this.#truth = new ChainTruth(options.chain, options.confirmations);
    this.#money = new MoneyWatch({
      truth: this.#truth,
      weiPerUnit: options.weiPerUnit,
      honest: (id) => !this.#cheats.has(id),
      nameOf: (id) => this.#names.get(id) ?? id,
      signedBy: (cheque, issuer) => signedBy(options.chain.chainId, cheque, issuer),
      issued: (payer, beneficiary, units) => {
        const watch = this.watchOf(payer, beneficiary);
        if (watch !== undefined) watch.issuedUnits = units;
      },
    });
  }

  #know(node: SimNode): void {
    this.#names.set(node.id, node.name);
    this.#byNode.set(node.id, new Map());
    if (!this.#options.honest(node)) this.#cheats.add(node.id);
    else this.#credit.set(node.id, new CreditWatch(node, (watch) => this.#cashed(watch)));
    node.disk.written = (records) => this.#written(node, records);
  }

  /** A machine that came later, with its links. */
  add(node: SimNode, edges: readonly (readonly [SimNode, SimNode])[]): void {
    this.#know(node);
    for (const [a, b] of edges) this.#join(a, b);
  }

  #join(a: SimNode, b: SimNode): void {
    const honest = this.#options.honest(a) && this.#options.honest(b);
    const ends = [new AccountWatch(a, b.id, honest), new AccountWatch(b, a.id, honest)] as const;
    ends[0].other = ends[1];
    ends[1].other = ends[0];
    for (const end of ends) {
      end.riskAt = this.#options.riskAt;
      end.ownRisk = this.#cheats.has(end.node.id);
      this.#credit.get(end.node.id)?.add(end);
      this.#byNode.get(end.node.id)?.set(end.peer, end);
    }
  }

  watchOf(node: NodeId, peer: NodeId): AccountWatch | undefined {
    return this.#byNode.get(node)?.get(peer);
  }

  /** Runs a look and keeps the first rule it finds broken. */
  guard(look: () => void): void {
    if (this.broken !== undefined) return;
    try {
      look();
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      this.broken = error;
    }
  }

  /** One account may have moved. */
  look(watch: AccountWatch): void {
    if (this.broken !== undefined) return;
    try {
      if (!this.#cheats.has(watch.node.id) || watch.node.alive) watch.look();
      if (watch.loss() > watch.lossBound()) this.#losing(watch);
      this.#credit.get(watch.node.id)?.look(watch);
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      this.broken = error;
    }
  }

  /** All accounts of a node. */
  lookAt(node: SimNode): void {
    for (const watch of this.#byNode.get(node.id)?.values() ?? []) this.look(watch);
  }

  lookAtAll(): void {
    for (const node of this.#options.nodes) this.lookAt(node);
  }

  /** Brings what is final of a neighbour's payments up to date; the chain is read only where it matters. */
  readChain(watch: AccountWatch): void {
    this.#cashed(watch);
  }

  /** What was cashed is read from the chain only when it matters. */
  #losing(watch: AccountWatch): void {
    if (this.#cheats.has(watch.node.id)) return;
    this.#cashed(watch);
    const loss = watch.loss();
    if (loss <= watch.lossBound()) return;
    const { consumed, issuedUnits, mostGranted, riskAt } = watch;
    throw new BrokenRule(
      'bounded-loss',
      `${watch.node.name} would lose ${Math.round(loss)} to ${watch.other?.node.name}, above ${watch.lossBound()}: dropAt ${mostGranted} + riskAt ${riskAt} … ` +
        `(provided ${Math.round(watch.provided)}, consumed ${Math.round(consumed)}, paid ${issuedUnits}, cashed ${watch.cashed()})`,
    );
  }

  /** Of cheques and transfers the most that was ever paid out: what a reorganisation takes back is nobody's admission (DESIGN §3). */
  #cashed(watch: AccountWatch): void {
    const { node, peer } = watch;
    const wei = this.#paidOut(peer, node.id) + this.#truth.paidWei(peer, node.id);
    watch.cashedUnits = Math.max(watch.cashedUnits, Number(wei / this.#options.weiPerUnit));
    // A deposit that a reorganisation may take back clears no more than riskAt, so nothing is forgiven here.
    for (const address of watch.channelUnits.keys()) {
      // One that stands no more, or not yet again, pays neither.
      const { mine, theirs } = this.#money.totals(node.id, address);
      const evenWei = mine < theirs ? mine : theirs;
      watch.channelUnits.set(address, Number(evenWei / this.#options.weiPerUnit));
    }
    for (const channel of this.#truth.between(node.id, peer)) {
      const worth = this.#truth.worthWei(channel, node.id, this.#money.totals(node.id, channel.address));
      watch.channelUnits.set(channel.address, Number(worth / this.#options.weiPerUnit));
    }
  }

  #cashedByAll(): void {
    for (const watches of this.#byNode.values()) {
      for (const watch of watches.values()) {
        this.#cashed(watch);
        // Looked at again after it.
        for (const address of watch.channelUnits.keys()) watch.channelUnits.set(address, 0);
      }
    }
  }

  #paidOut(issuer: NodeId, beneficiary: NodeId): bigint {
    const { state } = this.#options.chain.blocks;
    let wei = 0n;
    for (const book of state.books) if (book.issuer === issuer) wei += state.paidOut(book.address, beneficiary);
    return wei;
  }

  #written(node: SimNode, records: readonly StoreRecord[]): void {
    if (!this.#cheats.has(node.id)) this.guard(() => this.#money.written(node.id, records));
    else this.#money.note(node.id, records);
  }

  /** What a node says of itself and its neighbours. */
  said(node: SimNode, event: NodeEvent): void {
    const about = event.neighbour;
    const watch = about === undefined ? undefined : this.watchOf(node.id, about);
    if (event.kind === 'started') this.guard(() => this.explains(node));
    if (event.kind === 'stopping') this.#stops(node);
    if (event.kind === 'linkUp' && watch !== undefined) watch.connections += 1;
    if (event.kind === 'cashed' && watch !== undefined) this.#cashed(watch);
    if (event.kind === 'fault' && event['code'] === 'INVARIANT_BROKEN')
      this.guard(() => this.#fail('books-halted', node, about, String(event['what'])));
    if (event.kind === 'verdict') this.#judged(node, event);
  }

  #stops(node: SimNode): void {
    this.#credit.get(node.id)?.stops();
    for (const { cost } of this.#byNode.get(node.id)?.values() ?? []) cost.stops();
  }

  /** What a crash left on the disk: the history of every link adds up to its account. */
  explains(node: SimNode): void {
    for (const { neighbour } of node.disk.state.links) {
      const { link, rows } = node.disk.history({ ...EVERYTHING, neighbour });
      const [gap] = link === undefined ? [] : unexplained(rows, link);
      if (gap !== undefined)
        this.#fail('history-explains', node, neighbour, `${gap.figure}: rows ${gap.rows}, account ${gap.account}`);
    }
  }

  /** The same of every machine. */
  explainsAll(): void {
    for (const node of this.#options.nodes) this.guard(() => this.explains(node));
  }

  #judged(node: SimNode, { neighbour: about, code, action }: NodeEvent): void {
    const watch = about === undefined ? undefined : this.watchOf(node.id, about);
    if (about === undefined || watch?.other === undefined) return;
    // Not a punishment: who cannot be paid keeps a link only while it is the debtor (DESIGN §4).
    if (code === 'ONE_WAY_CREDITOR') this.#oneWay.add(watch).add(watch.other);
    else if (!watch.honest || this.#options.tampered(node.id, about)) return;
    else if (action === 'cut') this.guard(() => this.#fail('honest-not-cut', node, about, String(code)));
    else if (WRONG_BOOKS.test(String(code)) && !oneForOne(node, watch.other.node))
      this.guard(() => this.#fail('honest-not-blamed', node, about, String(code)));
  }

  #fail(rule: string, node: SimNode, about: NodeId | undefined, what: string): never {
    throw new BrokenRule(rule, `${node.name} about ${this.#names.get(about ?? '') ?? about}: ${what}`);
  }

  /** Cheques an honest node holds of an honest one that the contract has not paid out, in words. */
  unpaidCheques(): string[] {
    const { chain, edges } = this.#options;
    const found: string[] = [];
    for (const [a, b] of edges) {
      if (this.#cheats.has(a.id) || this.#cheats.has(b.id)) continue;
      for (const [payee, payer] of [
        [a, b],
        [b, a],
      ] as const) {
        for (const { chequebook, cumulative } of this.#money.held(payee.id, payer.id)) {
          const paidOut = chain.blocks.state.paidOut(chequebook, payee.id);
          if (paidOut < cumulative) found.push(`${payee.name} of ${payer.name}: ${paidOut} of ${cumulative} wei`);
        }
      }
    }
    return found;
  }

  /** Channels of honest nodes that are not closed, and that no close is pending of. */
  openChannels(): { readonly node: SimNode; readonly peer: NodeId }[] {
    const found: { node: SimNode; peer: NodeId }[] = [];
    for (const channel of this.#options.chain.blocks.state.channels) {
      const { a, b } = channel.parties;
      const ends = [a.signer, b.signer].map((id) => this.#options.nodes.find((node) => node.id === id));
      const at = ends.findIndex((node) => node !== undefined && !this.#cheats.has(node.id));
      const node = ends[at];
      if (node === undefined || channel.closed || channel.closesAtS !== undefined) continue;
      if (node.node?.channels?.list().some((each) => each.channel === channel.address) !== true) continue;
      found.push({ node, peer: (at === 0 ? b : a).signer });
    }
    return found;
  }

  /** Of these channels, those that did not pay an honest node what was signed to it, in words. */
  unpaidChannels(of: ReadonlySet<NodeId>): string[] {
    const { chain, weiPerUnit } = this.#options;
    const found: string[] = [];
    for (const channel of chain.blocks.state.channels) {
      const { address, closed, parties } = channel;
      if (!of.has(address)) continue;
      for (const [node, peer] of [
        [parties.a.signer, parties.b.signer],
        [parties.b.signer, parties.a.signer],
      ] as const) {
        if (!this.#byNode.has(node) || this.#cheats.has(node)) continue;
        const totals = this.#money.totals(node, address);
        const due = this.#truth.worthWei({ ...channel, closed: false }, node, totals);
        const paid = this.#truth.worthWei(channel, node, totals) + this.#truth.keptWei(channel, node, totals);
        const name = `${this.#names.get(node)} of ${this.#names.get(peer) ?? peer} in ${address}`;
        if (!closed && totals.theirs > 0n) found.push(`${name}: not closed`);
        else if (closed && paid + weiPerUnit <= due) found.push(`${name}: ${paid} of ${due} wei`);
      }
    }
    return found;
  }

  /** What still differs between the ends of honest pairs, in words; empty when all books agree and nothing is owed at large. */
  differences(): string[] {
    const found: string[] = [];
    for (const [a, b] of this.#options.edges) {
      if (this.#cheats.has(a.id) || this.#cheats.has(b.id)) continue;
      const watch = this.watchOf(a.id, b.id);
      if (watch === undefined || !this.#oneWay.has(watch)) found.push(...difference(a, b));
    }
    return found;
  }
}

function difference(a: SimNode, b: SimNode): string[] {
  const mine = a.accountOf(b.id);
  const theirs = b.accountOf(a.id);
  const pair = `${a.name}–${b.name}`;
  if (mine === undefined || theirs === undefined) return [`${pair}: never connected`];
  if (!mine.ready || !theirs.ready) return [`${pair}: not connected`];
  const found: string[] = [];
  for (const service of SERVICES) {
    for (const [seller, buyer] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      const given = net(seller, Column.provided, Column.providedCorrection, service);
      const taken = net(buyer, Column.consumed, Column.consumedCorrection, service);
      if (given !== taken) found.push(`${pair}: service ${service} given ${given}, taken ${taken}`);
    }
  }
  for (const [payer, payee] of [
    [mine, theirs],
    [theirs, mine],
  ] as const) {
    const paid = payer.ledger.get(payer.row, Column.paid);
    const received = payee.ledger.get(payee.row, Column.received);
    if (paid !== received) found.push(`${pair}: paid ${paid}, received ${received}`);
    const pending = payer.ledger.get(payer.row, Column.pending);
    if (pending !== 0) found.push(`${pair}: pending ${pending}`);
    if (payer.payDue() && paysTokens(payer)) found.push(`${pair}: ${payer.payable()} due`);
    // Choked for what was written off is no fault of the books; banned is.
    if (payee.banned) found.push(`${pair}: banned`);
  }
  const sum = mine.ledger.get(mine.row, Column.balance) + theirs.ledger.get(theirs.row, Column.balance);
  if (sum !== 0) found.push(`${pair}: balances add up to ${sum}`);
  return found;
}

/** What is exchanged one for one is never settled in tokens. */
function paysTokens({ mine, theirs }: LinkAccount): boolean {
  const [payer, payee] = [mine.newest, theirs.newest];
  return payer !== undefined && payee !== undefined && commonMethod(payee, payer) !== 'barter';
}

function net(account: LinkAccount, total: number, correction: number, service: number): number {
  return account.ledger.get(account.row, total + service) + account.ledger.get(account.row, correction + service);
}

/** Whether its contract would pay it by one v or the other. */
function signedBy(chainId: number, cheque: SignedCheque, issuer: NodeId): boolean {
  return [27, 28].some((v) => {
    return recoverChequeIssuer(chainId, { ...cheque, signature: cheque.signature.with(64, v) }) === issuer;
  });
}
