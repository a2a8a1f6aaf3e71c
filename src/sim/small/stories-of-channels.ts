import type { ChannelBooks, ChannelChain, ChannelFacts } from '../../chain/channel-chain.ts';
import { chequeDigest } from '../../chain/eip712.ts';
import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { NodeId } from '../../core/node-id.ts';
import { MAX_WEI } from '../../core/settlement/cheque.ts';
import { ChannelBook } from '../../settle/channel-book.ts';
import { ChannelDesk, LEAST_FREEZE_SECONDS } from '../../settle/channel-desk.ts';
import type { RuleStory } from './rule-story.ts';
import { IDS, type SmallNode, smallConfig, WEI_PER_UNIT } from './small-node.ts';
import { smallIssuers, smallSigner } from './small-signer.ts';
import { ROUND, Teller } from './teller.ts';

/** Where the channel of the two stands, where nothing does, and where something foreign does. */
const [CHANNEL, NOWHERE, FOREIGN, CLOSED] = ['c1', 'c2', 'c3', 'c4'].map((byte) => `0x${byte.repeat(20)}`) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const CHAIN_ID = smallConfig(ROUND, 0).settlement.chainId;
const NOTHING: ChannelBooks = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };
/** Units that add up to so much wei. */
const wei = (units: number): bigint => BigInt(units) * WEI_PER_UNIT;
const holding = (units: number): ChannelBooks => ({ ...NOTHING, depositedWei: wei(units) });

/** Node 0 is party a, node 1 is party b. */
const channelFacts = (change: Partial<ChannelFacts> = {}): ChannelFacts => ({
  ...{ fromFactory: true, freezeSeconds: LEAST_FREEZE_SECONDS, nonce: 0, closed: false },
  parties: { a: { signer: IDS[0], payee: IDS[0] }, b: { signer: IDS[1], payee: IDS[1] } },
  ...{ a: holding(100), b: holding(200) },
  ...change,
});

/** Two nodes with a channel between them, on a chain that a story tells. */
class Parties {
  readonly chain = new Map<NodeId, ChannelFacts | 'no answer'>([[CHANNEL, channelFacts()]]);
  readonly leaving = new Set<NodeId>();
  readonly wanted: bigint[] = [];
  readonly desks = new WeakMap<SmallNode, ChannelDesk>();
  readonly books = new WeakMap<SmallNode, ChannelBook>();
  teller!: Teller;

  static async begin(): Promise<Parties> {
    const parties = new Parties();
    const desks = (node: SmallNode): { channel: ChannelDesk } => ({ channel: parties.#deskOf(node) });
    parties.teller = await Teller.begin({ desks, dishonest: true });
    for (const who of [0, 1] as const) {
      await parties.reads(who, CHANNEL);
      // Nobody pays by himself.
      parties.teller.node(who).neighbour.step({ kind: 'pause', paused: true });
    }
    return parties;
  }

  #deskOf(node: SmallNode): ChannelDesk {
    const { disk, id, peer, who } = node;
    const [store, { channelTotals: totals, notes }] = [disk.store(), disk.state()];
    const chain = { facts: (channel: NodeId) => this.#read(channel) } as unknown as ChannelChain;
    const clock = { wallMs: () => 0 };
    const book = new ChannelBook({ chain, store, me: id, freezeSeconds: LEAST_FREEZE_SECONDS, clock, notes });
    const desk = new ChannelDesk({
      ...{ signer: smallSigner(id, who), chainId: CHAIN_ID, store, book, totals },
      neighbour: () => ({ ...node.payer(), myChannel: book.open(peer)?.address }),
      wanted: (_, more) => this.wanted.push(more),
      leaving: (channel) => this.leaving.has(channel),
      issuers: smallIssuers(IDS),
    });
    this.books.set(node, book);
    this.desks.set(node, desk);
    return desk;
  }

  #read(channel: NodeId): Promise<ChannelFacts | undefined> {
    const facts = this.chain.get(channel);
    return facts === 'no answer' ? Promise.reject(new Error(facts)) : Promise.resolve(facts);
  }

  /** A node reads a channel, as it does when it hears of it. */
  async reads(who: 0 | 1, channel: NodeId): Promise<void> {
    const node = this.teller.node(who);
    const reading = this.books.get(node)?.read(channel, node.peer);
    for (let turn = 0; turn < 4; turn += 1) {
      for (let each = 0; each < 8; each += 1) await undefined; // oxlint-disable-line typescript/await-thenable -- one turn of the promises, nothing else
      await this.teller.calm();
    }
    await reading;
  }

  /** Node 1 hands node 0 this total: what comes of it, and how much more is credited. */
  async hands(units: number, options: Handed = {}): Promise<readonly [string, number]> {
    const { channel = CHANNEL, beneficiary = IDS[0], signer = 1, cumulativeWei = wei(units) } = options;
    const { teller } = this;
    const plain = { chequebook: channel, beneficiary, cumulativeWei, signature: new Uint8Array(65) };
    const signature = smallSigner(IDS[signer], signer).signDigest(chequeDigest(CHAIN_ID, plain));
    const before = teller.node(0).cell(Column.received);
    // What it handed over before is forgiven: each is looked at by itself.
    teller.node(0).account.banned = false;
    if (teller.node(0).link === undefined) {
      await teller.cut();
      await teller.connect();
    }
    teller.heard(1, 'paymentAck');
    const proof = { kind: 'cheque', cheque: { ...plain, signature } } as const;
    await teller.hears(0, { kind: 'payment', id: units, units, proof });
    for (let turn = 0; turn < 4; turn += 1) await teller.calm();
    const code = teller.heard(1, 'paymentAck').at(-1)?.code ?? 'no answer';
    return [code, teller.node(0).cell(Column.received) - before];
  }

  /** Node 0 pays node 1. */
  async pays(id: number, units: number): Promise<string> {
    const { teller } = this;
    const writing = this.desks.get(teller.node(0))?.write(IDS[1], { id, units });
    const told = writing?.then(
      () => 'paid',
      (error: unknown) => codeOf(error) ?? String(error),
    );
    for (let turn = 0; turn < 4; turn += 1) await teller.calm();
    return (await told) ?? 'no desk';
  }
}

interface Handed {
  readonly channel?: NodeId;
  readonly beneficiary?: NodeId;
  readonly signer?: 0 | 1;
  readonly cumulativeWei?: bigint;
}

/** Payments in channels, as the receiver takes them and the payer finds room for them. */
export const STORIES_OF_CHANNELS: readonly RuleStory[] = [
  {
    name: 'totals in a channel count for what they add, once, as far as the payer has coin there',
    told: async ({ same }) => {
      const parties = await Parties.begin();
      same('the first', await parties.hands(50), ['', 50]);
      same('again', await parties.hands(50), ['', 0]);
      same('less', await parties.hands(40), ['CHANNEL_STALE', 0]);
      same('the same, signed by another', await parties.hands(50, { signer: 0 }), ['CHANNEL_STALE', 0]);
      same('a part of a unit', await parties.hands(51, { cumulativeWei: wei(50) + 9n }), ['CHANNEL_TOO_SMALL', 0]);
      same('half a unit beyond', await parties.hands(52, { cumulativeWei: wei(51) + 5n }), ['', 1]);
      same('with what was carried', await parties.hands(53, { cumulativeWei: wei(52) }), ['', 1]);
      same('forged', await parties.hands(60, { signer: 0 }), ['CHANNEL_FORGED', 0]);
      same('all of it', await parties.hands(200), ['', 148]);
      same('more than all', await parties.hands(201), ['CHANNEL_NOT_COVERED', 0]);
      same('absurd', await parties.hands(202, { cumulativeWei: MAX_WEI }), ['CHANNEL_ABSURD', 0]);
      same('paid back', await parties.pays(1, 30), 'paid');
      same('goes on from there', await parties.hands(230), ['', 30]);
    },
  },
  {
    name: 'payments are taken in a channel between the two alone, that is open and leaves time to answer',
    told: async ({ same }) => {
      const parties = await Parties.begin();
      const { chain, teller } = parties;
      const other = { signer: `0x${'77'.repeat(20)}`, payee: IDS[1] };
      same('nothing stands there', await parties.hands(10, { channel: NOWHERE }), ['CHANNEL_NO_CONTRACT', 0]);
      chain.set(FOREIGN, 'no answer');
      same('unread', await parties.hands(10, { channel: FOREIGN }), ['CHANNEL_UNVERIFIED', 0]);
      chain.set(FOREIGN, channelFacts({ fromFactory: false }));
      same('foreign', await parties.hands(10, { channel: FOREIGN }), ['CHANNEL_NO_CONTRACT', 0]);
      chain.set(FOREIGN, channelFacts({ parties: { ...channelFacts().parties, b: other } }));
      same('of others', await parties.hands(10, { channel: FOREIGN }), ['CHANNEL_NO_CONTRACT', 0]);
      same('for another', await parties.hands(10, { beneficiary: IDS[1] }), ['CHANNEL_NOT_FOR_ME', 0]);
      const hasty = channelFacts({ freezeSeconds: LEAST_FREEZE_SECONDS - 1 });
      chain.set(FOREIGN, hasty);
      same('too hasty', await parties.hands(10, { channel: FOREIGN }), ['CHANNEL_FREEZE_SHORT', 0]);
      parties.leaving.add(CHANNEL);
      same('its close was agreed on', await parties.hands(10), ['CHANNEL_CLOSING', 0]);
      parties.leaving.clear();
      chain.set(CLOSED, channelFacts({ closed: true, closesAtS: 5 }));
      same('closed', await parties.hands(10, { channel: CLOSED }), ['CHANNEL_CLOSED', 0]);
      same('good', await parties.hands(10), ['', 10]);
      chain.set(CHANNEL, channelFacts({ closed: true, closesAtS: 5 }));
      await parties.reads(0, CHANNEL);
      same('taken before it was closed', await parties.hands(10), ['', 0]);
      same('after it was closed', await parties.hands(20), ['CHANNEL_CLOSED', 0]);
      teller.same('received', teller.node(0).cell(Column.received), 10);
    },
  },
  {
    name: 'what was handed in before the books were lost is credited no more',
    told: async ({ same }) => {
      const parties = await Parties.begin();
      parties.chain.set(CHANNEL, channelFacts({ b: { ...holding(200), paidWei: wei(80), withdrawnWei: wei(90) } }));
      await parties.reads(0, CHANNEL);
      same('as much as was handed in', await parties.hands(80), ['CHANNEL_STALE', 0]);
      same('more', await parties.hands(90), ['', 10]);
      same('what was taken out pays nothing', await parties.hands(111), ['CHANNEL_NOT_COVERED', 0]);
    },
  },
  {
    name: 'the payer pays up to what it has in the channel, and asks for more in time',
    told: async ({ same }) => {
      const parties = await Parties.begin();
      same('half', [await parties.pays(1, 50), parties.wanted.length], ['paid', 0]);
      same('three quarters', [await parties.pays(2, 25), parties.wanted.length], ['paid', 0]);
      same('beyond', [await parties.pays(3, 1), parties.wanted.length], ['paid', 1]);
      same('no room', await parties.pays(4, 25), 'CHANNEL_FULL');
      same('so much is missing', parties.wanted.slice(1).map(String), [String(wei(1))]);
      same('all there is', await parties.pays(5, 24), 'paid');
      parties.chain.set(CHANNEL, channelFacts({ a: { ...holding(100), withdrawnWei: wei(50) } }));
      await parties.reads(0, CHANNEL);
      same('less than was paid', await parties.pays(6, 1), 'CHANNEL_FULL');
      same('all of it is missing', String(parties.wanted.at(-1)), String(wei(1)));
    },
  },
];
