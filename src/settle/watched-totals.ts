import { recoverChequeIssuer } from '../chain/cheque-signing.ts';
import type { ChannelSight, WatchedChannel } from './channel-watch.ts';

/**
 * The newest total of each channel that is watched, out of files that may be damaged or forged. Only a total that its
 * neighbour has signed is taken; once taken it is never forgotten, also where a later file has a lower one or another
 * contract, party or money for that channel: no signature covers all of these, so what says otherwise stands beside it.
 */
export class WatchedTotals {
  readonly #known = new Map<string, WatchedChannel>();

  /** In the order in which they were first taken. */
  get all(): readonly WatchedChannel[] {
    return [...this.#known.values()];
  }

  /** Takes what is new, and tells of what it did not take, with what is known instead. */
  learn(channels: readonly WatchedChannel[]): readonly ChannelSight[] {
    const refused: ChannelSight[] = [];
    for (const each of channels) {
      const name = nameOf(each);
      const known = this.#known.get(name);
      if (known !== undefined && (each.newest?.cumulativeWei ?? 0n) <= (known.newest?.cumulativeWei ?? 0n)) continue;
      if (isGenuine(each)) this.#known.set(name, each);
      else refused.push(sightOfForged(each, known));
    }
    return refused;
  }
}

function nameOf({ chainId, channel, factory, neighbour, payee, token = '' }: WatchedChannel): string {
  return `${chainId} ${factory} ${token} ${channel} ${neighbour} ${payee}`;
}

function isGenuine({ chainId, neighbour, newest }: WatchedChannel): boolean {
  return newest === undefined || recoverChequeIssuer(chainId, newest) === neighbour;
}

function sightOfForged({ channel, neighbour }: WatchedChannel, known: WatchedChannel | undefined): ChannelSight {
  const signedWei = String(known?.newest?.cumulativeWei ?? 0n);
  return { channel, neighbour, state: 'unseen', signedWei, code: 'CHANNEL_FORGED' };
}
