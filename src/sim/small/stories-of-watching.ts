import type { ChannelChain } from '../../chain/channel-chain.ts';
import { orderParties } from '../../chain/channel-signing.ts';
import { signCheque } from '../../chain/cheque-signing.ts';
import { createSigner, type Signer } from '../../chain/signer.ts';
import type { NodeId } from '../../core/node-id.ts';
import { type ChannelSight, type WatchedChannel, watchChannel } from '../../settle/channel-watch.ts';
import { SimChain } from '../chain/sim-chain.ts';
import { SimToken } from '../chain/sim-token.ts';
import { Life } from '../life.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const SEEDS = 12;
const CHAIN_ID = 7;
const RICH = 10n ** 20n;
const DEPOSIT_WEI = 1_000;
const FREEZE_S = 3_600;
/** So many looks of a watcher that is always on fit into the freeze period. */
const SLICES = 6;
const [OWNER, PAYER, WATCHER] = [11, 12, 13].map((byte) => createSigner(new Uint8Array(32).fill(byte))) as [
  Signer,
  Signer,
  Signer,
];

/** A channel of a node that is off: its neighbour closes it with an old state, and another machine watches now and then. */
class Watched {
  readonly random: SeededRandom;
  readonly chain: SimChain;
  readonly newestWei: bigint;
  readonly sights: ChannelSight[] = [];
  /** The watcher saw the chain while an answer still counted. */
  inTime = false;
  #channel: NodeId = '0x';

  constructor(seed: number) {
    this.random = new SeededRandom(`watch ${seed}`);
    const { random } = this;
    this.chain = new SimChain({ timeline: new Timeline(), random: random.fork('chain'), chainId: CHAIN_ID });
    this.chain.blocks.state.token = new SimToken(0);
    for (const { id } of [PAYER, WATCHER]) this.chain.fund(id, RICH);
    // More than there is may have been signed: what there is is paid.
    this.newestWei = BigInt(random.between(1, DEPOSIT_WEI + 100));
  }

  #channelsOf(signer: Signer): ChannelChain {
    const { channels } = this.chain.port(new Life(), signer);
    if (channels === undefined) throw new Error('no channels on this chain');
    return channels;
  }

  #signed(cumulativeWei: bigint) {
    return signCheque(PAYER, CHAIN_ID, { chequebook: this.#channel, beneficiary: OWNER.id, cumulativeWei });
  }

  /** The payer opens it, pays in it, and closes it with an old total. */
  async begin(): Promise<void> {
    const channels = this.#channelsOf(PAYER);
    const [owner, payer] = [OWNER, PAYER].map(({ id }) => ({ signer: id, payee: id })) as [Party, Party];
    const place = { parties: orderParties(owner, payer), freezeSeconds: FREEZE_S, nonce: 0 };
    this.#channel = await channels.address(place);
    await channels.open(place, { payee: PAYER.id, wei: BigInt(DEPOSIT_WEI) });
    const oldWei = BigInt(this.random.below(Number(this.newestWei)));
    await channels.startClose(this.#channel, oldWei === 0n ? [] : [this.#signed(oldWei)]);
  }

  /** A part of the freeze period passes. The payer wants its money, as soon as it may or later. */
  async slice(): Promise<void> {
    const { random } = this;
    if (random.chance(0.4)) await this.look(random.chance(0.3));
    this.chain.blocks.aheadMs += (FREEZE_S / SLICES) * 1000;
    if (random.chance(0.6)) return;
    await this.#channelsOf(PAYER)
      .finish(this.#channel)
      .catch(() => undefined);
  }

  async look(dead = false): Promise<ChannelSight> {
    const { chain } = this;
    chain.endpoint(WATCHER.id).dead = dead;
    const before = chain.blocks.state.channel(this.#channel);
    if (!dead && before?.closed === false) this.inTime = true;
    const { id: payee } = OWNER;
    const place = { chainId: CHAIN_ID, factory: payee, channel: this.#channel, neighbour: PAYER.id, payee };
    const watched: WatchedChannel = { ...place, newest: this.#signed(this.newestWei) };
    const sight = await watchChannel(watched, this.#channelsOf(WATCHER), chain.blocks.nowS);
    this.sights.push(sight);
    return sight;
  }

  /** What it comes to for the node that was off. */
  async end(teller: Teller, what: string): Promise<void> {
    const dueWei = this.newestWei < BigInt(DEPOSIT_WEI) ? this.newestWei : BigInt(DEPOSIT_WEI);
    await this.look();
    const last = await this.look();
    const paidWei = this.chain.blocks.state.balance(OWNER.id);
    const safe = [last.state, last.code, last.act, this.inTime || paidWei === dueWei];
    teller.same(what, safe, ['closed', this.inTime ? undefined : 'CHANNEL_CLOSED_BEHIND', undefined, this.inTime]);
    if (this.inTime) teller.same(`${what}, wei`, String(paidWei), String(dueWei));
  }
}

type Party = ReturnType<typeof orderParties>['a'];

/** `wayleave watch`: another machine answers for a node that is off, and is off itself for part of the freeze period. */
export const STORIES_OF_WATCHING: readonly RuleStory[] = [
  {
    name: 'a watcher that was off for part of the freeze period answers an old state in the rest of it, or says that it was late',
    async told(teller) {
      const seen = { inTime: 0, late: 0, unseen: 0 };
      for (let seed = 0; seed < SEEDS; seed += 1) {
        const watched = new Watched(seed);
        await watched.begin();
        for (let slice = 0; slice < SLICES + 3; slice += 1) await watched.slice();
        await watched.end(teller, `seed ${seed}`);
        seen[watched.inTime ? 'inTime' : 'late'] += 1;
        if (watched.sights.some(({ code }) => code === 'RPC_UNREACHABLE')) seen.unseen += 1;
      }
      teller.same('all of it happened', [seen.inTime > 0, seen.late > 0, seen.unseen > 0], [true, true, true]);
    },
  },
  {
    name: 'what a token refused to pay out at the end of a channel is claimed by the watcher',
    async told(teller) {
      const watched = new Watched(1);
      const { token } = watched.chain.blocks.state;
      await watched.begin();
      teller.same('answered', (await watched.look()).act, 'answered');
      watched.chain.blocks.aheadMs += (FREEZE_S + 1) * 1000;
      if (token !== undefined) token.mood = 'refusing';
      teller.same('finished', (await watched.look()).act, 'finished');
      teller.same('nothing came', String(watched.chain.blocks.state.balance(OWNER.id)), '0');
      teller.same('nor does it now', (await watched.look()).code, 'TRANSACTION_REVERTED');
      if (token !== undefined) token.mood = 'sound';
      teller.same('claimed', (await watched.look()).act, 'claimed');
      await watched.end(teller, 'all of it');
    },
  },
];
