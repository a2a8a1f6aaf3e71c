import type { ChannelBooks, ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import type { NodeId } from '../core/node-id.ts';
import type { ChannelTotalRecord, NoteRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk } from './channel-desk.ts';
import { ChannelKeeper } from './channel-keeper.ts';

const [me, them] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [Signer, Signer];
export const ME = me.id;
export const THEM = them.id;
/** The first channel of the two, and the one after it. */
export const [FIRST, SECOND] = ['c', 'd'].map((digit) => `0x${digit.repeat(40)}`) as [NodeId, NodeId];
export const LOOK_MS = 60_000;

interface Standing extends Partial<ChannelFacts> {
  readonly mine?: Partial<ChannelBooks>;
  readonly theirs?: Partial<ChannelBooks>;
}

/** A channel as the chain has it, open and empty unless told otherwise. */
export function standing({ mine, theirs, ...more }: Standing = {}): ChannelFacts {
  const nothing = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };
  const [own, other] = [
    { ...nothing, ...mine },
    { ...nothing, ...theirs },
  ] as [ChannelBooks, ChannelBooks];
  const [a, b] = ME < THEM ? [own, other] : [other, own];
  const parties = orderParties({ signer: ME, payee: ME }, { signer: THEM, payee: THEM });
  return { fromFactory: true, parties, freezeSeconds: 86_400, nonce: 0, closed: false, ...more, a, b };
}

export const mineIn = ({ a, b }: ChannelFacts): ChannelBooks => (ME < THEM ? a : b);
export const theirsIn = ({ a, b }: ChannelFacts): ChannelBooks => (ME < THEM ? b : a);

const total = (side: 'mine' | 'theirs', cumulative: bigint): ChannelTotalRecord => {
  const [by, beneficiary] = side === 'mine' ? [me, THEM] : [them, ME];
  const { signature } = signCheque(by, 1, { chequebook: FIRST, beneficiary, cumulativeWei: cumulative });
  return {
    ...{ kind: 'channelTotal', channel: FIRST, side, neighbour: THEM, beneficiary, cumulative, signature },
    ...{ amount: Number(cumulative), paymentId: 1, acceptedCumulative: cumulative, remainder: 0n },
  };
};

const format = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

export interface KeeperShape {
  readonly depositWei?: bigint;
  readonly everyMs?: number;
  readonly blockMs?: number;
  readonly confirmations?: number;
  /** Channels that are in the notes at the start. */
  readonly noted?: Readonly<Record<NodeId, ChannelFacts>>;
  /** The totals that were signed in the first channel, by each. */
  readonly paid?: bigint;
  readonly taken?: bigint;
  readonly chainless?: boolean;
}

/** A keeper over its real book and desk, beside a chain that does as it is told and a clock that a test moves. */
export class KeeperBed {
  nowMs = 1_000_000;
  /** As the newest block has it, and as those have it that enough blocks stand on: the newest unless told. */
  readonly facts = new Map<NodeId, ChannelFacts>();
  readonly deep = new Map<NodeId, ChannelFacts>();
  /** What the next call of this name throws. */
  fails: { readonly call: string; readonly error: unknown } | undefined;
  /** Calls end when this does. */
  slow: Promise<void> = Promise.resolve();
  /** Deposits are mined, and the endpoint that is read from does not know of them. */
  behind = false;
  /** What was sent to the chain, and what was told. */
  readonly log: string[] = [];
  readonly reads: NodeId[] = [];
  readonly timers = new Map<() => void, number>();
  readonly book: ChannelBook;
  readonly keeper: ChannelKeeper;

  constructor(shape: KeeperShape = {}) {
    const { depositWei = 100n, everyMs = LOOK_MS, blockMs = 2_000, noted = {}, paid, taken, ...more } = shape;
    const chain = this.#chain();
    const clock = {
      nowMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      after: (ms: number, act: () => void) => {
        this.timers.set(act, this.nowMs + ms);
        return { cancel: () => void this.timers.delete(act) };
      },
    };
    const notes = Object.entries(noted).map(([address, facts]): NoteRecord => {
      this.facts.set(address, facts);
      const text = JSON.stringify({ neighbour: THEM, facts, sureWei: theirsIn(facts).depositedWei }, format);
      return { kind: 'note', name: `channel:${address}`, text };
    });
    const store = { commit: async () => undefined } as Partial<Store> as Store;
    this.book = new ChannelBook({
      ...{ chain: more.chainless ? undefined : chain, store, me: ME, freezeSeconds: 86_400, clock, notes },
      ...{ confirmations: more.confirmations ?? 1, young: () => this.log.push('young') },
    });
    const signed = (side: 'mine' | 'theirs', wei?: bigint) => (wei === undefined ? [] : [total(side, wei)]);
    const desk = new ChannelDesk({
      ...{ signer: me, chainId: 1, store, book: this.book, leaving: () => false, wanted: () => undefined },
      neighbour: () => ({ theirRatio: undefined, myRatio: undefined, riskAt: 0 }),
      totals: [...signed('mine', paid), ...signed('theirs', taken)],
    });
    this.keeper = new ChannelKeeper({
      ...{ chain, clock, me: ME, book: this.book, desk, depositWei, everyMs, blockMs },
      changed: (neighbour) => this.#told(neighbour, 'changed'),
      lost: (neighbour, wei) => this.#told(neighbour, `lost ${wei}`),
      leftOut: (neighbour) => this.#told(neighbour, 'left out'),
      emit: (_, { act, at, channel, code, neighbour, wei }) => {
        const facts = code === undefined ? [channel === SECOND ? 'second' : '', act, wei ?? at] : ['fault', code];
        this.#told(String(neighbour), facts.filter(Boolean).join(' '));
      },
    });
  }

  #told(neighbour: NodeId, what: string): void {
    if (neighbour !== THEM) throw new Error(`somebody else was told of: ${neighbour}`);
    this.log.push(what);
  }

  #chain(): ChannelChain {
    const receipt = { hash: '0x1', gasWei: 1n };
    const sends = async (call: string, told: string, done: () => void) => {
      this.log.push(`> ${call} ${told}`.trim());
      await this.slow;
      const { fails } = this;
      if (fails?.call === call) {
        this.fails = undefined;
        throw fails.error;
      }
      done();
      return receipt;
    };
    const change = (channel: NodeId, more: Standing): void => {
      const facts = this.facts.get(channel) ?? standing();
      const mine = { ...mineIn(facts), ...more.mine };
      this.facts.set(channel, standing({ ...facts, ...more, mine, theirs: { ...theirsIn(facts), ...more.theirs } }));
    };
    const deposited = (channel: NodeId): bigint => mineIn(this.facts.get(channel) ?? standing()).depositedWei;
    const closesAtS = (): number => Math.floor(this.nowMs / 1_000) + 86_400;
    const chain: Partial<ChannelChain> = {
      address: async ({ nonce }) => (nonce === 0 ? FIRST : SECOND),
      facts: async (channel, depth) => {
        if (depth === undefined) this.reads.push(channel);
        await this.slow;
        return (depth === undefined ? undefined : this.deep.get(channel)) ?? this.facts.get(channel);
      },
      open: ({ nonce }, { payee, wei }) =>
        sends('open', `${wei} at ${nonce}${payee === ME ? '' : ' for another'}`, () => {
          change(nonce === 0 ? FIRST : SECOND, { nonce, mine: { depositedWei: wei } });
        }),
      deposit: (channel, { payee, wei }) =>
        sends('deposit', `${wei}${payee === ME ? '' : ' for another'}`, () => {
          if (!this.behind) change(channel, { mine: { depositedWei: deposited(channel) + wei } });
        }),
      submit: (channel, [cheque]) =>
        sends('submit', `${cheque?.cumulativeWei}`, () => {
          change(channel, { theirs: { paidWei: cheque?.cumulativeWei ?? 0n } });
        }),
      startClose: (channel, cheques) =>
        sends('startClose', cheques.map(({ cumulativeWei }) => cumulativeWei).join(' '), () => {
          change(channel, { closesAtS: closesAtS() });
        }),
      finish: (channel) => sends('finish', '', () => change(channel, { closed: true })),
      claim: (channel, payee) =>
        sends('claim', payee === ME ? '' : 'for another', () => change(channel, { mine: { unclaimedWei: 0n } })),
    };
    return chain as ChannelChain;
  }

  /** Time passes, and each timer runs out at its moment. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, atMs]) => atMs <= endMs).toSorted((a, b) => a[1] - b[1]);
      this.nowMs = next === undefined ? endMs : next[1];
      if (next === undefined) return;
      this.timers.delete(next[0]);
      next[0]();
      await this.rests();
    }
  }

  /** Whatever has its answer is done. */
  async rests(): Promise<void> {
    for (let each = 0; each < 5; each += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** More is to be put in; what came of it at once. */
  async funds(leastWei: bigint): Promise<readonly string[]> {
    this.keeper.fund(THEM, leastWei);
    await this.rests();
    return this.news();
  }

  async looks(): Promise<readonly string[]> {
    await this.keeper.look();
    await this.rests();
    return this.news();
  }

  /** What happened since the last time. */
  news(): readonly string[] {
    return this.log.splice(0);
  }
}
