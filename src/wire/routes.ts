import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { Destination, RouteRequest, RouteUpdate } from '../core/routes/route.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { addressBytes, addressText } from './ip-address.ts';

/** What one node tells a neighbour about routes: news, and requests for newer news. */
export interface Routes {
  readonly updates: readonly RouteUpdate[];
  readonly requests: readonly RouteRequest[];
}

/** Updates and requests in one message, so that it stays below the largest message there is. */
export const MAX_ROUTES_PER_MESSAGE = 1_000;

/** Their type byte among the messages of docs/wire.md: one that a node without packets passes over. They are no part of the session: the packets service reads them. */
const ROUTES_TYPE = 128;

const KIND_NODE = 1;
const KIND_IPV4 = 4;
const KIND_IPV6 = 6;

/** Whether a message of the control class tells of routes. */
export function isRoutes(message: Uint8Array): boolean {
  return message[0] === ROUTES_TYPE;
}

export function encodeRoutes(routes: Routes): Uint8Array {
  return writeRoutes(new ByteWriter().u8(ROUTES_TYPE), routes).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeRoutes(message: Uint8Array): Routes {
  const input = new ByteReader(message);
  input.u8();
  const routes = readRoutes(input);
  input.end();
  return routes;
}

/**
 * The bytes of a routes message after its type: the number of updates 2, each {destination, origin 20, sequence 4, metric 4, price a
 * packet 4, price per MB 4}; then the number of requests 2, each {destination, origin 20, sequence 4, hops 1}.
 * A destination is 1 and a node id, or 4 or 6, the prefix length, and the address.
 */
export function writeRoutes(out: ByteWriter, { updates, requests }: Routes): ByteWriter {
  u16(out, updates.length);
  for (const { destination, origin, sequence, metric, price } of updates) {
    writeDestination(out, destination).address(origin).u32(sequence).u32(metric).u32(price.perPacket).u32(price.perMb);
  }
  u16(out, requests.length);
  for (const { destination, origin, sequence, hops } of requests) {
    writeDestination(out, destination).address(origin).u32(sequence).u8(hops);
  }
  return out;
}

/** Throws `WIRE_MALFORMED`. Ranges of values are the rules' business, not the codec's. */
export function readRoutes(input: ByteReader): Routes {
  const updates = Array.from({ length: count(input) }, (): RouteUpdate => {
    const destination = readDestination(input);
    const [origin, sequence, metric] = [input.address(), input.u32(), input.u32()];
    return { destination, origin, sequence, metric, price: { perPacket: input.u32(), perMb: input.u32() } };
  });
  const requests = Array.from({ length: count(input) }, (): RouteRequest => {
    const destination = readDestination(input);
    return { destination, origin: input.address(), sequence: input.u32(), hops: input.u8() };
  });
  return { updates, requests };
}

function writeDestination(out: ByteWriter, destination: Destination): ByteWriter {
  if (isNodeId(destination)) return out.u8(KIND_NODE).address(destination);
  const [address = '', bits] = destination.split('/');
  const bytes = addressBytes(address);
  if (bytes === undefined) throw new WayleaveError('ROUTE_ABSURD', { destination });
  return out
    .u8(bytes.length === 4 ? KIND_IPV4 : KIND_IPV6)
    .u8(Number(bits))
    .raw(bytes);
}

function readDestination(input: ByteReader): Destination {
  const kind = input.u8();
  if (kind === KIND_NODE) return input.address();
  if (kind !== KIND_IPV4 && kind !== KIND_IPV6) throw malformed('destination');
  const bits = input.u8();
  const bytes = input.raw(kind === KIND_IPV4 ? 4 : 16);
  if (bits > bytes.length * 8 || !isRange(bytes, bits)) throw malformed('range');
  return `${addressText(bytes)}/${bits}`;
}

/** One spelling per range: all bits behind the prefix are 0. */
function isRange(bytes: Uint8Array, bits: number): boolean {
  return bytes.every((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, bits - index * 8)))) === 0);
}

function u16(out: ByteWriter, value: number): void {
  out.u8(value >> 8).u8(value & 255);
}

function count(input: ByteReader): number {
  const value = input.u8() * 256 + input.u8();
  if (value > MAX_ROUTES_PER_MESSAGE) throw malformed('count');
  return value;
}

function malformed(what: string): WayleaveError {
  return new WayleaveError('WIRE_MALFORMED', { what: `routes ${what}` });
}
