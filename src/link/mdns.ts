import multicastDns, { type FullPacket, type MulticastDNS, type ResponsePacket } from 'multicast-dns';
import type { Clock, Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import type { LinkAddress } from './link.ts';

/** What nodes call themselves on the local network (RFC 6763). */
export const SERVICE_NAME = '_wayleave._tcp.local';

export interface MdnsOptions {
  readonly self: NodeId;
  /** Where this node listens for links. */
  readonly port: number;
  readonly clock: Clock;
  /** Somebody says that it is node `id` and listens there. Told again only after `FORGET_MS`. Nothing of it is proved. */
  readonly found: (id: NodeId, address: LinkAddress) => void;
  /** Discovery does not work, or not any more; the node goes on without it. Told once, as `DISCOVERY_FAILED`. */
  readonly warn: (error: WayleaveError) => void;
  /** The IPv4 address of the one interface to use; needed where there is only loopback. All interfaces otherwise. */
  readonly interface?: string;
  /** UDP port, 5353 unless for tests. */
  readonly mdnsPort?: number;
}

/** Asked again this often: for neighbours that came up when nothing was listening. Milliseconds. */
const QUERY_MS = 60_000;
/** A neighbour is reported again when it still announces itself after this. Milliseconds. */
const FORGET_MS = 300_000;
/** Announcements remembered; on a shared network anybody can invent more. */
const MAX_FOUND = 256;
/** One answer for all that is asked in this time: everyone hears it (RFC 6762 §6). Milliseconds. */
const ANSWER_MS = 1000;
/** How long others may remember us. Seconds. */
const TTL_S = 120;
/** Records of one packet that are looked at. */
const MAX_RECORDS = 64;

type Answer = NonNullable<ResponsePacket['answers']>[number];

interface Record {
  readonly type: string;
  readonly name: string;
  readonly data?: unknown;
}

/** Announces this node on the local network and listens for others. Returns what ends it. */
export function startMdns(options: MdnsOptions): () => Promise<void> {
  const mdns = new Mdns(options);
  return () => mdns.stop();
}

class Mdns {
  readonly #options: MdnsOptions;
  readonly #dns: MulticastDNS;
  readonly #found = new Map<string, number>();
  #timer: Timer | undefined;
  #answering: Timer | undefined;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #warned = false;

  constructor(options: MdnsOptions) {
    this.#options = options;
    this.#dns = multicastDns({
      // bound to all addresses: bound to that of an interface, Linux delivers no multicast
      bind: '0.0.0.0',
      ...(options.interface === undefined ? {} : { interface: options.interface }),
      ...(options.mdnsPort === undefined ? {} : { port: options.mdnsPort }),
    });
    this.#dns.on('error', (error) => this.#warn(error));
    // a packet that is no DNS, an interface without multicast
    this.#dns.on('warning', () => undefined);
    this.#dns.on('query', (query) => this.#asked(query));
    this.#dns.on('response', (response, from) => this.#heard(response, from.address));
    this.#dns.on('ready', () => {
      this.#announce(TTL_S);
      this.#ask();
    });
  }

  stop(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#timer?.cancel();
    this.#answering?.cancel();
    // a goodbye (RFC 6762 §10.1), so that nobody dials in vain
    return new Promise((resolve) => {
      const done = (): void => this.#dns.destroy(resolve);
      this.#respond(0, done);
      this.#stopped = true;
    });
  }

  #ask(): void {
    if (this.#stopped) return;
    this.#dns.query({ questions: [{ name: SERVICE_NAME, type: 'PTR' }] }, (error) => this.#warn(error));
    this.#timer = this.#options.clock.after(QUERY_MS, () => this.#ask());
  }

  #asked(query: FullPacket): void {
    const forUs = (query.questions ?? []).slice(0, MAX_RECORDS).some(({ name, type }) => {
      return ['PTR', 'ANY'].includes(type) && name.toLowerCase() === SERVICE_NAME;
    });
    if (!forUs || this.#stopped || this.#answering !== undefined) return;
    const { clock } = this.#options;
    const answer = (): void => {
      this.#answering = undefined;
      this.#answeredMs = clock.nowMs();
      this.#announce(TTL_S);
    };
    const waitMs = this.#answeredMs + ANSWER_MS - clock.nowMs();
    if (waitMs <= 0) answer();
    else this.#answering = clock.after(waitMs, answer);
  }

  #announce(ttl: number): void {
    this.#respond(ttl, (error) => this.#warn(error));
  }

  #respond(ttl: number, sent: (error?: Error | null) => void): void {
    const { self, port } = this.#options;
    const instance = `${self}.${SERVICE_NAME}`;
    const answers: Answer[] = [
      { name: SERVICE_NAME, type: 'PTR', ttl, data: instance },
      { name: instance, type: 'SRV', ttl, data: { port, target: `${self.slice(2)}.local` } },
      { name: instance, type: 'TXT', ttl, data: [`id=${self}`] },
    ];
    this.#dns.respond({ answers }, sent);
  }

  /** The address is where the packet came from: that way it is known to be on this network. */
  #heard(response: ResponsePacket, host: string): void {
    const records: Record[] = [...(response.answers ?? []), ...(response.additionals ?? [])].slice(0, MAX_RECORDS);
    for (const record of records) {
      if (record.type !== 'SRV' || !record.name.toLowerCase().endsWith(`.${SERVICE_NAME}`)) continue;
      const id = idOf(record.name, records);
      const port = (record.data as { port?: unknown } | undefined)?.port;
      if (id === undefined || id === this.#options.self || !isPort(port) || isGoodbye(record)) continue;
      this.#report(id, { host, port });
    }
  }

  #report(id: NodeId, address: LinkAddress): void {
    const key = `${id} ${address.host} ${address.port}`;
    const nowMs = this.#options.clock.nowMs();
    const lastMs = this.#found.get(key);
    if (lastMs !== undefined && nowMs - lastMs < FORGET_MS) return;
    this.#found.delete(key);
    if (this.#found.size >= MAX_FOUND) {
      const [oldest] = this.#found;
      if (oldest === undefined || nowMs - oldest[1] < FORGET_MS) return;
      this.#found.delete(oldest[0]);
    }
    this.#found.set(key, nowMs);
    this.#options.found(id, address);
  }

  #warn(cause: Error | null | undefined): void {
    if (cause === null || cause === undefined || this.#stopped || this.#warned) return;
    this.#warned = true;
    const reason = (cause as NodeJS.ErrnoException).code ?? cause.message;
    this.#options.warn(new WayleaveError('DISCOVERY_FAILED', { reason }, cause));
  }
}

/** The node id of an instance: its name says it, and its text record must not say otherwise. */
function idOf(name: string, records: readonly Record[]): NodeId | undefined {
  const id = name.slice(0, -SERVICE_NAME.length - 1).toLowerCase();
  if (!isNodeId(id)) return undefined;
  const text = records.find((record) => record.type === 'TXT' && record.name === name);
  const entries = Array.isArray(text?.data) ? (text.data as unknown[]) : [];
  return entries.some((entry) => String(entry).toLowerCase() === `id=${id}`) ? id : undefined;
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536;
}

function isGoodbye(record: Record): boolean {
  return (record as { ttl?: number }).ttl === 0;
}
