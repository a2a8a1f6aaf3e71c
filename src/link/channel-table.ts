import { MAX_CHANNELS } from './limits.ts';
import type { MuxChannel } from './mux-channel.ts';

const MAX_ID = 2 ** 32 - 1;
/** Channels beyond the limit that are refused and wait for the neighbour's last word; one that goes on has lost count. */
const MAX_REFUSED = 256;

/** The channels of a link on which one side at least has not said its last word, and their ids. */
export class ChannelTable {
  readonly #channels = new Map<number, MuxChannel>();
  #nextId: number;
  #lastPeerId: number;
  #own = 0;
  #peers = 0;

  /** The side that dialled uses odd ids. */
  constructor(dialled: boolean) {
    this.#nextId = dialled ? 1 : 2;
    this.#lastPeerId = dialled ? 0 : -1;
  }

  get(id: number): MuxChannel | undefined {
    return this.#channels.get(id);
  }

  all(): MuxChannel[] {
    return [...this.#channels.values()];
  }

  /** The id for a channel opened here; undefined when there are too many. */
  takeId(): number | undefined {
    if (this.#own >= MAX_CHANNELS || this.#nextId > MAX_ID) return undefined;
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  add(channel: MuxChannel): void {
    this.#channels.set(channel.id, channel);
    if (channel.opener) this.#own++;
    else this.#peers++;
  }

  /** Takes note of a channel the neighbour opens. `fault`: the id breaks the order; `full`: it must be refused. */
  peerOpens(id: number): 'fault' | 'full' | undefined {
    if (!this.isPeers(id) || id <= this.#lastPeerId || this.#peers >= MAX_CHANNELS + MAX_REFUSED) return 'fault';
    this.#lastPeerId = id;
    return this.#peers < MAX_CHANNELS ? undefined : 'full';
  }

  remove(channel: MuxChannel): void {
    if (!this.#channels.delete(channel.id)) return;
    if (channel.opener) this.#own--;
    else this.#peers--;
  }

  /** True for ids the neighbour gives. */
  isPeers(id: number): boolean {
    return (id ^ this.#nextId) % 2 !== 0;
  }

  /** True for a channel that once was; anything else was never opened. */
  existed(id: number): boolean {
    return this.isPeers(id) ? id <= this.#lastPeerId : id < this.#nextId;
  }
}
