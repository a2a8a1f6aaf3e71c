import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';

/** A gateway's way out: the two things it asks of the system. */
export interface Egress {
  /** Every address of a name, best first. Rejects with the system's error (`ENOTFOUND` …). */
  resolve(host: string): Promise<readonly string[]>;
  /**
   * A socket that is connecting to exactly this address. It emits `connect`, or `error` and `close`, and stays open for
   * writing after the other end's last byte.
   */
  connect(target: { readonly address: string; readonly port: number }): Duplex;
  /** The addresses of this machine. */
  ownAddresses(): readonly string[];
}

/** How long a silent connection lives before the system asks the other end whether it is still there. */
const KEEP_ALIVE_MS = 60_000;

/** The real way out: the system's resolver, and TCP. */
export function systemEgress(): Egress {
  return {
    async resolve(host) {
      const found = await lookup(host, { all: true, verbatim: true });
      return found.map((entry) => entry.address);
    },
    connect({ address, port }) {
      return connect({
        host: address,
        port,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        autoSelectFamily: false,
      });
    },
    ownAddresses() {
      const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      return all.map((entry) => entry.address.split('%')[0] ?? entry.address);
    },
  };
}
