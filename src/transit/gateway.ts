import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import { ResetCode } from '../link/link.ts';
import { addressBytes } from '../wire/ip-address.ts';
import type { Destination } from '../wire/open-request.ts';
import type { Egress } from './egress.ts';
import type { EgressPolicy, EgressVerdict } from './egress-policy.ts';
import { NameCache, type Resolution } from './name-cache.ts';
import { resetCodeOf } from './reset-words.ts';
import { resetSocket } from './socket-side.ts';
import type { UplinkWatch } from './uplink-watch.ts';

/** Addresses of one name that are tried, one after the other. */
const MAX_ADDRESSES = 4;

/** How long one address may take when another is left to try, and the last one. */
const TRY_TIMEOUT_MS = 3_000;
const LAST_TRY_TIMEOUT_MS = 10_000;

export interface GatewayOptions {
  readonly clock: Clock;
  readonly egress: Egress;
  readonly policy: EgressPolicy;
  /** Told of every refusal, for logs. */
  readonly refused?: (destination: Destination, address: string, verdict: EgressVerdict) => void;
  /** Told what every connection and look-up came to. */
  readonly uplink?: Pick<UplinkWatch, 'reached' | 'failed'>;
}

export interface GatewayAnswer {
  /** The socket is connected; nothing has been read from it. */
  connected(socket: Duplex): void;
  failed(code: ResetCode): void;
}

/** Opens connections to the internet for neighbours and for this node's own user. */
export interface Gateway {
  /** Answers exactly once, unless the returned function is called first. */
  open(destination: Destination, buyer: NodeId | undefined, answer: GatewayAnswer): () => void;
}

/** Resolves, checks, and connects to the very addresses that were checked: a name is never looked up twice (DESIGN §10). */
export function createGateway(options: GatewayOptions): Gateway {
  const names = new NameCache(options.clock, options.egress);
  return {
    open(destination, buyer, answer) {
      const attempt = new Attempt(options, destination, answer);
      if (addressBytes(destination.host) !== undefined) attempt.resolved([destination.host]);
      else void names.resolve(destination.host, buyer).then((resolution) => attempt.resolved(resolution));
      return () => attempt.cancel();
    },
  };
}

class Attempt {
  readonly #options: GatewayOptions;
  readonly #destination: Destination;
  readonly #answer: GatewayAnswer;
  #addresses: readonly string[] = [];
  #socket: Duplex | undefined;
  #timer: Timer | undefined;
  #over = false;

  constructor(options: GatewayOptions, destination: Destination, answer: GatewayAnswer) {
    this.#options = options;
    this.#destination = destination;
    this.#answer = answer;
  }

  resolved(resolution: Resolution): void {
    if (this.#over) return;
    if (typeof resolution === 'number') {
      this.#options.uplink?.failed(resolution);
      return this.#fail(resolution);
    }
    this.#addresses = resolution.filter((address) => this.#permitted(address)).slice(0, MAX_ADDRESSES);
    if (this.#addresses.length === 0) this.#fail(ResetCode.refusedByPolicy);
    else this.#try(0);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
  }

  #permitted(address: string): boolean {
    const verdict = this.#options.policy.check(address, this.#destination);
    if (verdict !== 'allowed') this.#options.refused?.(this.#destination, address, verdict);
    return verdict === 'allowed';
  }

  #try(index: number): void {
    const address = this.#addresses[index];
    if (address === undefined) return this.#fail(ResetCode.hostUnreachable);
    const last = index === this.#addresses.length - 1;
    const socket = this.#options.egress.connect({ address, port: this.#destination.port });
    this.#socket = socket;
    const failed = (code: ResetCode): void => {
      if (this.#over || this.#socket !== socket) return;
      this.#options.uplink?.failed(code);
      this.#drop();
      if (last) this.#fail(code);
      else this.#try(index + 1);
    };
    const delayMs = last ? LAST_TRY_TIMEOUT_MS : TRY_TIMEOUT_MS;
    this.#timer = this.#options.clock.after(delayMs, () => failed(ResetCode.timedOut));
    // This listener stays for the life of the socket: an error after a reset must not be unhandled.
    socket.on('error', (error) => failed(resetCodeOf(error)));
    socket.once('connect', () => this.#connected(socket, address));
  }

  #connected(socket: Duplex, address: string): void {
    if (this.#over || this.#socket !== socket) return;
    this.#over = true;
    this.#options.uplink?.reached({ address, port: this.#destination.port });
    this.#timer?.cancel();
    this.#answer.connected(socket);
  }

  #fail(code: ResetCode): void {
    this.#over = true;
    this.#answer.failed(code);
  }

  #drop(): void {
    this.#timer?.cancel();
    if (this.#socket !== undefined) resetSocket(this.#socket);
    this.#socket = undefined;
  }
}
