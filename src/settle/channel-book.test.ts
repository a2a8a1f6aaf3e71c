import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';

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
