import type { ServiceDoor } from '../core/ledger/door.ts';
import type { Channel, Link } from '../link/link.ts';

/** The services that use the link's channels. */
export interface LinkServices {
  opened(channel: Channel, header: Uint8Array, tag: number): void;
  granted(link: Link): void;
  linkUp(link: Link, door: ServiceDoor): void;
  linkDown(link: Link): void;
  /** A message that is the services' own, not the session's. Throws `WIRE_MALFORMED`. */
  heard?(link: Link, message: Uint8Array): void;
  /** Bytes that are charged already and have not been handed to the link. */
  waiting?(link: Link): number;
}
