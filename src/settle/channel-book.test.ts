import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts, ChannelPlace } from '../chain/channel-chain.ts';
import { type ChannelParty, orderParties } from '../chain/channel-signing.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { ChannelBook, type ChannelBookOptions } from './channel-book.ts';

const [ME, THEM, CHANNEL] = ['a', 'b', 'c'].map((digit) => `0x${digit.repeat(40)}`) as [string, string, string];
const NOTHING = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };
const OPEN: ChannelFacts = {
  ...{ fromFactory: true, freezeSeconds: 86_400, nonce: 0, closed: false, a: NOTHING },
  parties: orderParties({ signer: ME, payee: ME }, { signer: THEM, payee: THEM }),
  b: { ...NOTHING, depositedWei: 1_000n },
};

/** What one node knows of a channel, on a disk that fails when it is told to. */
class Bed {
  facts: ChannelFacts | undefined = OPEN;
  failing = false;
  readonly #notes = new Map<string, NoteRecord>();
  book = this.#made();

  #made(): ChannelBook {
    const commit = async (records: readonly NoteRecord[]) => {
      if (this.failing) throw new Error('the disk fails');
      for (const record of records) this.#notes.set(record.name, record);
    };
    return new ChannelBook({
      chain: { facts: async () => this.facts } as Partial<ChannelChain> as ChannelChain,
      store: { commit } as Partial<Store> as Store,
      ...{ me: ME, freezeSeconds: 86_400, clock: { wallMs: () => 0 }, notes: [...this.#notes.values()] },
    });
  }

  /** It is read from the chain; what is known then. */
  async read(): Promise<string> {
    await this.book.read(CHANNEL, THEM);
    return this.known;
  }

  get known(): string {
    const known = this.book.at(CHANNEL);
    return typeof known === 'string' ? known : known.facts.closed ? 'closed' : 'open';
  }

  /** The process dies and starts again. */
  dies(): void {
    this.book = this.#made();
  }
}

test('a channel that could not be written down, and nobody would watch after a crash, is none yet', async () => {
  const bed = new Bed();
  bed.failing = true;
  assert.equal(await bed.read(), 'unread', 'what is paid in it is refused for now');
  bed.failing = false;
  assert.equal(await bed.read(), 'open');
  bed.dies();
  assert.equal(bed.known, 'open');
});

test('what could not be written of a channel is written when it is read the next time', async () => {
  const bed = new Bed();
  await bed.read();
  bed.failing = true;
  bed.facts = { ...OPEN, closed: true };
  assert.equal(await bed.read(), 'closed', 'what has to be done about it waits for no disk');
  bed.failing = false;
  await bed.read();
  bed.dies();
  assert.equal(bed.known, 'closed');
});

test('one that a reorganisation took back is known again at once, also while nothing can be written', async () => {
  const bed = new Bed();
  await bed.read();
  bed.facts = undefined;
  assert.equal(await bed.read(), 'absent');
  bed.facts = OPEN;
  bed.failing = true;
  assert.equal(await bed.read(), 'open');
});

const OTHER = `0x${'d'.repeat(40)}`;
const party = (signer: string, payee = signer): ChannelParty => ({ signer, payee });

for (const [what, facts] of [
  ['of another factory', { ...OPEN, fromFactory: false }],
  ['of two others', { ...OPEN, parties: orderParties(party(OTHER), party(THEM)) }],
  ['that pays me elsewhere', { ...OPEN, parties: orderParties(party(ME, OTHER), party(THEM)) }],
  ['with somebody else', { ...OPEN, parties: orderParties(party(ME), party(OTHER)) }],
] as const) {
  test(`a channel ${what} is none with this neighbour`, async () => {
    const bed = new Bed();
    bed.facts = facts;
    assert.equal(await bed.read(), 'absent');
  });
}

/** A chain with channels at the places of the two of us, by nonce; what is sent to it is noted. */
async function bookOn(facts: Record<string, ChannelFacts>, options: Partial<ChannelBookOptions> = {}) {
  const sent: string[] = [];
  const written: string[] = [];
  const chain = {
    address: async ({ nonce }: { nonce: number }) => `at ${nonce}`,
    facts: async (address: string, depth = 1) => {
      sent.push(`read ${address}${depth > 1 ? `, ${depth} deep` : ''}`);
      return facts[address];
    },
    deposit: async (address: string, { payee, wei }: { payee: string; wei: bigint }) => {
      sent.push(`${wei} into ${address} of ${payee === ME ? 'mine' : payee}`);
      facts[address] = { ...OPEN, a: { ...NOTHING, depositedWei: wei } };
    },
    open: async ({ freezeSeconds, nonce }: ChannelPlace, { payee, wei }: { payee: string; wei: bigint }) => {
      sent.push(`${wei} opens ${nonce} of ${payee === ME ? 'mine' : payee} with ${freezeSeconds} s`);
      facts[`at ${nonce}`] = { ...OPEN, nonce, a: { ...NOTHING, depositedWei: wei } };
    },
  };
  const commit = async (records: readonly NoteRecord[]) => void written.push(...records.map(({ name }) => name));
  const book = new ChannelBook({
    ...{ chain: chain as unknown as ChannelChain, store: { commit } as Partial<Store> as Store },
    ...{ me: ME, freezeSeconds: 86_400, clock: { wallMs: () => 0 }, notes: [], ...options },
  });
  return { book, sent, written };
}

const closed = { ...OPEN, closed: true };
const closing = { ...OPEN, closesAtS: 1 };
const funded = { ...OPEN, a: { ...NOTHING, depositedWei: 5n } };

for (const [what, facts, sent, address] of [
  ['opened where none stands', {}, ['100 opens 0 of mine with 86400 s'], 'at 0'],
  [
    'opened at the first place that was not closed',
    { 'at 0': closed, 'at 1': closing, 'at 2': closed },
    ['100 opens 3 of mine with 86400 s'],
    'at 3',
  ],
  ['opened where only the neighbour has something', { 'at 0': OPEN }, ['100 opens 0 of mine with 86400 s'], 'at 0'],
  ['found, where it was opened before a crash', { 'at 0': funded }, [], 'at 0'],
] as const) {
  test(`a channel is ${what}`, async () => {
    const { book, sent: all } = await bookOn({ ...facts });
    assert.equal((await book.fund(THEM, 100n))?.address, address);
    assert.deepEqual(
      all.filter((each) => !each.startsWith('read')),
      sent,
    );
  });
}

test('what is put into a channel that stands is known when that returns', async () => {
  const { book, sent } = await bookOn({ 'at 0': OPEN });
  await book.read('at 0', THEM);
  assert.equal((await book.fund(THEM, 100n))?.mine.depositedWei, 100n);
  assert.deepEqual(sent, ['read at 0', '100 into at 0 of mine', 'read at 0']);
  const { book: alone } = await bookOn({}, { chain: undefined });
  assert.equal(await alone.fund(THEM, 100n), undefined, 'nowhere, without a chain');
});

test('the newest that is open, and not about to be closed, is the one with a neighbour', async () => {
  const facts: Record<string, ChannelFacts> = {};
  const { book } = await bookOn(facts);
  for (const [nonce, channel, best] of [
    [1, OPEN, 1],
    [0, OPEN, 1],
    [2, closed, 1],
    [3, closing, 1],
    [4, OPEN, 4],
  ] as const) {
    facts[`at ${nonce}`] = { ...channel, nonce };
    await book.read(`at ${nonce}`, THEM);
    assert.equal(book.open(THEM)?.facts.nonce, best);
  }
  delete facts['at 4'];
  await book.read('at 4', THEM);
  assert.equal(book.open(THEM)?.facts.nonce, 1);
  assert.deepEqual(book.undone(), [{ address: 'at 4', neighbour: THEM }]);
  facts['at 4'] = { ...OPEN, nonce: 4 };
  await book.read('at 4', THEM);
  assert.deepEqual([book.open(THEM)?.facts.nonce, book.undone()], [4, []]);
});

test('a channel is read once at a time, and written down when something is new', async () => {
  const facts = { 'at 0': OPEN };
  const { book, sent, written } = await bookOn(facts);
  await Promise.all([book.read('at 0', THEM), book.read('at 0', THEM)]);
  await book.read('at 0', THEM);
  assert.deepEqual([sent, written], [['read at 0', 'read at 0'], ['channel:at 0']]);
  facts['at 0'] = closing;
  await book.read('at 0', THEM);
  await book.read('at 0', THEM);
  assert.equal(written.length, 2);
});

test('nothing of a deposit is sure that no older block can be asked for, where blocks have to stand on it', async () => {
  const chain = {
    facts: async (_: string, depth = 1) => {
      if (depth > 1) throw new Error('knows nothing of older blocks');
      return OPEN;
    },
  } as Partial<ChannelChain> as ChannelChain;
  for (const [confirmations, sureWei] of [
    [2, 0n],
    [1, 1_000n],
    [undefined, 1_000n],
  ] as const) {
    const { book } = await bookOn({}, { chain, ...(confirmations && { confirmations }) });
    await book.read('at 0', THEM);
    const known = book.at('at 0');
    assert.equal(typeof known === 'string' ? known : known.sureWei, sureWei);
  }
});

test('what was signed to be taken out never counts for less, and is on disk', async () => {
  const { book, written } = await bookOn({ 'at 0': OPEN });
  await book.signs('at 0', { withdrawnByAWei: 1n, withdrawnByBWei: 2n, validUntilS: 9 });
  assert.deepEqual(written, [], 'of a channel that is not known there is nothing to say');
  await book.read('at 0', THEM);
  for (const [a, b, sums] of [
    [10n, 20n, [10n, 20n]],
    [5n, 25n, [10n, 25n]],
    [15n, 5n, [15n, 25n]],
  ] as const) {
    await book.signs('at 0', { withdrawnByAWei: a, withdrawnByBWei: b, validUntilS: 9 });
    const known = book.at('at 0');
    assert.ok(typeof known !== 'string');
    assert.deepEqual([known.mine.withdrawnWei, known.theirs.withdrawnWei], sums);
  }
  assert.equal(written.length, 4);
});

test('a close is for good when the block that was asked for says so', async () => {
  const { book, sent } = await bookOn({ 'at 0': closed, 'at 1': OPEN });
  assert.deepEqual([await book.closedForGood('at 0'), await book.closedForGood('at 1')], [true, false]);
  const deep = await bookOn({ 'at 0': closed }, { confirmations: 4 });
  assert.equal(await deep.book.closedForGood('at 0'), true);
  assert.deepEqual([...sent, ...deep.sent], ['read at 0', 'read at 1', 'read at 0, 4 deep']);
});
