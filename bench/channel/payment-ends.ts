import { join } from 'node:path';
import { orderParties } from '../../src/chain/channel-signing.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import type { PaymentAckMessage, PaymentMessage } from '../../src/core/session/message.ts';
import { PaymentLane } from '../../src/core/session/payment-lane.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import type { Link } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { ChannelBook } from '../../src/settle/channel-book.ts';
import { ChannelDesk } from '../../src/settle/channel-desk.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.ts';
import type { NoteRecord } from '../../src/store/store.ts';
import { decodeMessage, encodeMessage } from '../../src/wire/message.ts';

const CHAIN_ID = 100;
const RATIO = { numerator: 10n ** 10n, denominator: 1n };
const CAPACITY = 10n ** 30n;
const UNITS = 1_000;
const FREEZE_S = 86_400;
const HOST = '127.0.0.1';

/** Both ends may be in processes of their own, so their keys follow from their numbers. */
function signerOf(n: number): Signer {
  const key = Buffer.alloc(32, 1);
  key.writeUInt16BE(n);
  return createSigner(key);
}

const PAYER = signerOf(0xffff);
const payeesOf = (count: number) => Array.from({ length: count }, (_, n) => signerOf(n));
const addressOf = (n: number): NodeId => `0x${'c'.repeat(30)}${n.toString(16).padStart(10, '0')}`;
const REST = { granted: () => undefined, closed: () => undefined, opened: () => undefined };

/** One node that pays many, each in a channel of its own and over a TLS link of its own. */
export class Payer {
  readonly port: number;
  readonly #desk: ChannelDesk;
  readonly #links = new Map<NodeId, PayingLink>();
  readonly #payees: readonly NodeId[];
  readonly #complete = Promise.withResolvers<void>();
  readonly #stop: () => Promise<void>;

  private constructor(port: number, desk: ChannelDesk, payees: readonly Signer[], stop: () => Promise<void>) {
    this.port = port;
    this.#desk = desk;
    this.#payees = payees.map(({ id }) => id);
    this.#stop = stop;
  }

  /** Listens, with a store in `folder`. */
  static async open(folder: string, count: number): Promise<Payer> {
    const payees = payeesOf(count);
    const store = await storeOf(folder, 'payer');
    const guard = { perSecond: count, burst: count };
    const transport = new TlsTransport({ identity: await makeIdentity(PAYER), clock: systemClock, guard });
    const listener = await transport.listen({ host: HOST, port: 0 }, (link) => payer.#linked(link));
    const payer: Payer = new Payer(listener.address.port, deskOf(PAYER, store, payees), payees, async () => {
      await listener.close();
      await store.close();
    });
    return payer;
  }

  #linked(link: Link): void {
    this.#links.set(link.peer, new PayingLink(link, this.#desk));
    if (this.#links.size === this.#payees.length) this.#complete.resolve();
  }

  /** All payees have dialled. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** So many payments over a link: durable here, sent, checked, durable at the payee, acknowledged. */
  pay(link: number, payments: number): Promise<void> {
    const payee = this.#payees[link] ?? '';
    const line = this.#links.get(payee);
    if (line === undefined) throw new Error(`payee ${link} has not dialled`);
    return line.pay(payments);
  }

  async close(): Promise<void> {
    for (const { link } of this.#links.values()) link.destroy();
    await this.#stop();
  }
}

/** Pays as a session does: one payment is written at a time, several may wait for their answers. */
class PayingLink {
  readonly link: Link;
  readonly #desk: ChannelDesk;
  readonly #lane = new PaymentLane('channel');
  #id = 0;
  #moved: () => void = () => undefined;

  constructor(link: Link, desk: ChannelDesk) {
    this.link = link;
    this.#desk = desk;
    link.attach({ ...REST, message: (_kind, bytes) => this.#answered(bytes) });
  }

  /** Resolves when the last of them is answered. */
  async pay(payments: number): Promise<void> {
    for (let n = 0; n < payments; n += 1) {
      while (this.#lane.waits) await this.#next();
      await this.#write();
    }
    while (this.#lane.pendingUnits > 0) await this.#next();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#moved = resolve;
    });
  }

  async #write(): Promise<void> {
    this.#id += 1;
    const id = this.#id;
    this.#lane.begin({ id, units: UNITS, demanded: false });
    const proof = await this.#desk.write(this.link.peer, { id, units: UNITS });
    const units = this.#lane.sent(id, proof);
    this.link.send('payment', encodeMessage({ kind: 'payment', id, units, proof }));
    for (const ack of this.#lane.postponed()) this.#take(ack);
  }

  #answered(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message?.kind !== 'paymentAck' || !this.#lane.has(message.id)) throw new Error('not the answer');
    if (!this.#lane.postpones(message)) this.#take(message);
    this.#moved();
  }

  /** The answer is in the totals, and on the disk with the next payment. */
  #take(ack: PaymentAckMessage): void {
    this.#desk.acknowledged(this.link.peer, this.#lane.taken(ack));
  }
}

/** Nodes that a payer pays; they have one store. */
export interface Payees {
  close(): Promise<void>;
}

/** So many nodes, each with a link to the payer. */
export async function dialPayer(port: number, folder: string, count: number): Promise<Payees> {
  const store = await storeOf(folder, 'payees');
  const links: Link[] = [];
  for (const [n, payee] of payeesOf(count).entries()) {
    const transport = new TlsTransport({ identity: await makeIdentity(payee), clock: systemClock });
    const link = await transport.dial({ host: HOST, port }, PAYER.id);
    const desk = deskOf(payee, store, [PAYER], addressOf(n));
    const end = { link, desk, store };
    let before: Promise<void> = Promise.resolve();
    link.attach({ ...REST, message: (_kind, bytes) => void (before = before.then(() => take(end, bytes))) });
    links.push(link);
  }
  return {
    async close() {
      for (const link of links) link.destroy();
      await store.close();
    },
  };
}

interface PaidLink {
  readonly link: Link;
  readonly desk: ChannelDesk;
  readonly store: SqliteStore;
}

/** Every check, then the disk, then the answer. */
async function take({ desk, link, store }: PaidLink, bytes: Uint8Array): Promise<void> {
  const message = decodeMessage(bytes) as PaymentMessage;
  const outcome = await desk.check(PAYER.id, message);
  if (!outcome.accepted || outcome.units !== UNITS) throw new Error('a good payment was refused');
  await store.commit(desk.accepted(PAYER.id));
  const { acceptedWei } = outcome;
  link.send('payment', encodeMessage({ kind: 'paymentAck', id: message.id, acceptedWei, code: '' }));
}

/** A desk that knows an open channel with each of them; `address`: of the only one. */
function deskOf(me: Signer, store: SqliteStore, others: readonly Signer[], address?: NodeId): ChannelDesk {
  const channelWith = new Map(others.map(({ id }, n) => [id, address ?? addressOf(n)]));
  const notes = [...channelWith].map(([id, channel]) => note(me.id, id, channel));
  return new ChannelDesk({
    signer: me,
    chainId: CHAIN_ID,
    store,
    book: new ChannelBook({ chain: undefined, store, me: me.id, freezeSeconds: FREEZE_S, clock: systemClock, notes }),
    neighbour: (id) => ({ theirRatio: RATIO, myRatio: RATIO, riskAt: 10 ** 15, myChannel: channelWith.get(id) }),
    totals: [],
    wanted: () => undefined,
    leaving: () => false,
  });
}

/** What is remembered of a channel in which both have put in more than will ever be paid. */
function note(me: NodeId, other: NodeId, channel: NodeId): NoteRecord {
  const parties = orderParties({ signer: me, payee: me }, { signer: other, payee: other });
  const books = { depositedWei: String(CAPACITY), withdrawnWei: '0', paidWei: '0', unclaimedWei: '0' };
  const facts = { fromFactory: true, parties, freezeSeconds: FREEZE_S, nonce: 0, a: books, b: books, closed: false };
  return { kind: 'note', name: `channel:${channel}`, text: JSON.stringify({ neighbour: other, facts }) };
}

function storeOf(folder: string, name: string): Promise<SqliteStore> {
  return openSqliteStore({ path: join(folder, `${name}.db`), nodeId: PAYER.id });
}
