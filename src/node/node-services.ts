import type { ServiceDoor } from '../core/door.ts';
import { type Channel, type Link, ResetCode } from '../link/link.ts';
import type { LinkServices } from '../neighbour/neighbour.ts';
import { isMailBox } from '../packets/mail-box.ts';
import type { PacketService } from './packet-service.ts';

/** Hands what happens on the links to the services that use them: packets to theirs, all else to transit. */
export class NodeServices implements LinkServices {
  readonly #transit: LinkServices;
  readonly #packets: PacketService | undefined;

  constructor(transit: LinkServices, packets: PacketService | undefined) {
    this.#transit = transit;
    this.#packets = packets;
  }

  opened(channel: Channel, header: Uint8Array, tag: number): void {
    if (!isMailBox(header)) return this.#transit.opened(channel, header, tag);
    if (this.#packets === undefined) channel.reset(ResetCode.refusedByPolicy);
    else this.#packets.opened(channel);
  }

  granted(link: Link): void {
    this.#packets?.granted(link);
    this.#transit.granted(link);
  }

  linkUp(link: Link, door: ServiceDoor): void {
    this.#transit.linkUp(link, door);
    this.#packets?.linkUp(link);
  }

  linkDown(link: Link): void {
    this.#packets?.linkDown(link);
    this.#transit.linkDown(link);
  }

  heard(link: Link, message: Uint8Array): void {
    this.#packets?.heard(link, message);
  }

  waiting(link: Link): number {
    return this.#packets?.waiting(link) ?? 0;
  }
}
