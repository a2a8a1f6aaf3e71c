import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { orderParties } from '../../src/chain/channel-signing.ts';
import { createSigner, generateKey, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
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

const newSigner = () => createSigner(generateKey((count) => randomBytes(count)));
const addressOf = (n: number): NodeId => `0x${'c'.repeat(30)}${n.toString(16).padStart(10, '0')}`;

/** One node that pays many, each in a channel of its own and over a TLS link of its own; all of them in this process. */
export interface PaidLinks {
  readonly count: number;
  /** One payment over the link: durable at the payer, sent, checked, durable at the payee, acknowledged. */
  pay(link: number): Promise<void>;
  close(): Promise<void>;
}

/** Two stores, of the payer and of all payees, in `folder`. */
export async function paidLinks(folder: string, count: number): Promise<PaidLinks> {
  const payer = newSigner();
  const payees = Array.from({ length: count }, newSigner);
  const open = (name: string) => openSqliteStore({ path: join(folder, `${name}.db`), nodeId: payer.id });
  const stores = await Promise.all([open('payer'), open('payees')]);
  const desk = deskOf(payer, stores[0], payees);
  const lines: Line[] = [];
  for (const payee of payees) {
    const theirs = deskOf(payee, stores[1], [payer], addressOf(payees.indexOf(payee)));
    lines.push(await Line.open({ payer, payee, mine: desk, theirs, stores }));
  }
  return {
    count,
    pay: (link) => (lines[link] as Line).pay(),
    async close() {
      for (const line of lines) await line.close();
      for (const store of stores) await store.close();
    },
  };
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

interface LineParts {
  readonly payer: Signer;
  readonly payee: Signer;
  readonly mine: ChannelDesk;
  readonly theirs: ChannelDesk;
  readonly stores: readonly [SqliteStore, SqliteStore];
}

/** One link with a payer at one end and a payee at the other. */
class Line {
  readonly #parts: LineParts;
  readonly #ends: readonly [Link, Link];
  readonly #stop: () => Promise<void>;
  #id = 0;
  #answered: () => void = () => undefined;

  private constructor(parts: LineParts, ends: readonly [Link, Link], stop: () => Promise<void>) {
    this.#parts = parts;
    this.#ends = ends;
    this.#stop = stop;
    const rest = { granted: () => undefined, closed: () => undefined, opened: () => undefined };
    ends[0].attach({ ...rest, message: (_kind, bytes) => this.#answer(bytes) });
    ends[1].attach({ ...rest, message: (_kind, bytes) => void this.#take(bytes) });
  }

  static async open(parts: LineParts): Promise<Line> {
    const [from, to] = await Promise.all([transport(parts.payer), transport(parts.payee)]);
    const accepted = Promise.withResolvers<Link>();
    const listener = await to.listen({ host: '127.0.0.1', port: 0 }, accepted.resolve);
    const client = await from.dial(listener.address);
    return new Line(parts, [client, await accepted.promise], () => listener.close());
  }

  async pay(): Promise<void> {
    const { mine, payee } = this.#parts;
    this.#id += 1;
    const proof = await mine.write(payee.id, { id: this.#id, units: UNITS });
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#ends[0].send('payment', encodeMessage({ kind: 'payment', id: this.#id, units: UNITS, proof }));
    await answered;
  }

  /** At the payee: every check, then the disk, then the answer. */
  async #take(bytes: Uint8Array): Promise<void> {
    const { payer, stores, theirs } = this.#parts;
    const message = decodeMessage(bytes);
    if (message?.kind !== 'payment') throw new Error('not a payment');
    const outcome = await theirs.check(payer.id, message);
    if (!outcome.accepted || outcome.units !== UNITS) throw new Error('a good payment was refused');
    await stores[1].commit(theirs.accepted(payer.id));
    const { acceptedWei } = outcome;
    this.#ends[1].send('payment', encodeMessage({ kind: 'paymentAck', id: message.id, acceptedWei, code: '' }));
  }

  /** At the payer: the answer is in its totals, and on the disk with the next payment. */
  #answer(bytes: Uint8Array): void {
    const { mine, payee } = this.#parts;
    const message = decodeMessage(bytes);
    if (message?.kind !== 'paymentAck' || message.id !== this.#id) throw new Error('not the answer');
    mine.acknowledged(payee.id, message);
    this.#answered();
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end.destroy();
    await this.#stop();
  }
}

async function transport(signer: Signer): Promise<TlsTransport> {
  return new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
}
