import type { Signer } from '../chain/signer.ts';
import type { Clock, RandomBytes } from '../core/clock.ts';
import type { ServiceDoor } from '../core/ledger/door.ts';
import type { Ledger } from '../core/ledger/ledger.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import { NO_TOLL, type PathPrice } from '../core/routes/route.ts';
import type { Units } from '../core/units.ts';
import { type Channel, type Link, ResetCode } from '../link/link.ts';
import type { LinkServices } from '../neighbour/link-services.ts';
import { isMailBox } from '../packets/mail-box.ts';
import type { NodeConfig } from './config.ts';
import { PacketService } from './packet-service.ts';
import { Routing } from './routing.ts';

export interface NodeServicesOptions {
  readonly signer: Signer;
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly transit: LinkServices;
  /** Read late: accounts are made with what the services hold back. */
  readonly ledger: () => Ledger;
  readonly accountOf: (neighbour: NodeId) => LinkAccount | undefined;
  /** How much this node wants its traffic to go by a neighbour; below 0: never. */
  readonly preference: (neighbour: NodeId) => number;
  /** The way to the internet is another one: prices may follow. */
  readonly rerouted: () => void;
  /** Pays a neighbour what is owed, and so much beyond it; nothing ahead to one that the operator did not list. */
  readonly payAhead: (neighbour: NodeId, units: Units) => void;
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  readonly emit: (
    kind: 'packet' | 'packetFate' | 'demoted' | 'fault',
    facts: Record<string, string | number | boolean | undefined>,
  ) => void;
}

/** What is sold over the links, and the ways it takes: transit, packets, and the routes of both. */
export class NodeServices implements LinkServices {
  readonly packets: PacketService | undefined;
  readonly routing: Routing;
  readonly #transit: LinkServices;

  constructor(options: NodeServicesOptions) {
    const { accountOf, clock, config, emit, fault, ledger, preference, randomBytes, rerouted, signer, transit } =
      options;
    this.#transit = transit;
    const routeTo = (id: NodeId) => this.routing.toNode(id);
    const tolled = (id: NodeId, toll: PathPrice) => this.routing.tolled(id, toll);
    this.packets = config.packets.enabled
      ? new PacketService({
          ...{ signer, config: config.packets, clock, randomBytes, ledger, accountOf, routeTo, tolled, fault, emit },
          payAhead: options.payAhead,
          fated: (way, outcome) => this.routing.fated(way, outcome),
        })
      : undefined;
    this.routing = new Routing({
      ...{ self: signer.id, clock, uplink: config.transit.uplink, preference, rerouted, fault },
      toll: (id) => this.packets?.tollTo(id) ?? NO_TOLL,
      changed: (node, via) => this.packets?.route(node, via),
      demoted: ({ via, to }, facts) => emit('demoted', { neighbour: via, to, ...facts }),
    });
  }

  opened(channel: Channel, header: Uint8Array, tag: number): void {
    if (!isMailBox(header)) return this.#transit.opened(channel, header, tag);
    if (this.packets === undefined) channel.reset(ResetCode.refusedByPolicy);
    else this.packets.opened(channel);
  }

  granted(link: Link): void {
    this.packets?.granted(link);
    this.#transit.granted(link);
  }

  linkUp(link: Link, door: ServiceDoor): void {
    this.#transit.linkUp(link, door);
    this.packets?.linkUp(link);
    this.routing.linkUp(link);
  }

  linkDown(link: Link): void {
    this.routing.linkDown(link);
    this.packets?.linkDown(link);
    this.#transit.linkDown(link);
  }

  heard(link: Link, message: Uint8Array): void {
    this.routing.heard(link, message);
  }

  waiting(link: Link): number {
    return this.packets?.waiting(link) ?? 0;
  }

  close(): void {
    this.packets?.close();
    this.routing.close();
  }
}
