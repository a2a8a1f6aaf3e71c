import { WayleaveError } from '../core/errors.ts';
import { SERVICES, type Service, serviceColumn } from '../core/service.ts';
import { addressBytes, addressText } from './ip-address.ts';

/**
 * The header of a channel: what the channel is for, and where it should lead.
 *
 *     version 1 byte (1) · service 1 byte · hop limit 1 byte (1…255) · kind 1 byte · host · port 2 bytes, big-endian
 *     kind 1: host name, 1 byte of length (1…255) and that many bytes · kind 4: IPv4, 4 bytes · kind 6: IPv6, 16 bytes
 */
export const OPEN_REQUEST_VERSION = 1;

/** The longest host name (RFC 1035 has 255 bytes, and so has a SOCKS request). */
export const MAX_HOST_BYTES = 255;

/** The longest header this file makes: 4 bytes, the length, the longest name, the port. */
export const MAX_OPEN_REQUEST_BYTES = 4 + 1 + MAX_HOST_BYTES + 2;

const KIND_NAME = 1;
const KIND_IPV4 = 4;
const KIND_IPV6 = 6;

/** Where a stream goes. `host` is a lower-case ASCII name or an address in its usual form (RFC 5952); `port` is 1…65535. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

export interface OpenRequest {
  readonly service: Service;
  /** How many more links the request may cross, this one included; 1…255. */
  readonly hopLimit: number;
  readonly destination: Destination;
}

/** `host:port`, an IPv6 host in brackets: for people and logs. */
export function destinationText(destination: Destination): string {
  const host = destination.host.includes(':') ? `[${destination.host}]` : destination.host;
  return `${host}:${destination.port}`;
}

/** Brings a host as typed or received into the form of `Destination.host`; undefined when it can be neither name nor address. */
export function normalHost(text: string): string | undefined {
  const address = addressBytes(text);
  if (address !== undefined) return addressText(address);
  const name = text.toLowerCase();
  return name.length <= MAX_HOST_BYTES && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(name) ? name : undefined;
}

/** True for an integer from 1 to 65535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Throws `WIRE_MALFORMED` for a request that could not be decoded again. */
export function encodeOpenRequest(request: OpenRequest): Uint8Array {
  const { host, port } = request.destination;
  if (normalHost(host) !== host) throw malformed('host');
  if (!isPort(port)) throw malformed('port');
  if (!Number.isInteger(request.hopLimit) || request.hopLimit < 1 || request.hopLimit > 255)
    throw malformed('hopLimit');
  const address = addressBytes(host);
  const body = address ?? new TextEncoder().encode(host);
  const start = address === undefined ? 5 : 4;
  const bytes = new Uint8Array(start + body.length + 2);
  bytes[0] = OPEN_REQUEST_VERSION;
  bytes[1] = serviceColumn[request.service];
  bytes[2] = request.hopLimit;
  bytes[3] = address === undefined ? KIND_NAME : address.length === 4 ? KIND_IPV4 : KIND_IPV6;
  if (address === undefined) bytes[4] = body.length;
  bytes.set(body, start);
  bytes[start + body.length] = port >> 8;
  bytes[start + body.length + 1] = port & 255;
  return bytes;
}

/** What service a header asks for, so that the node can hand it on. Throws `WIRE_MALFORMED`. */
export function openRequestService(bytes: Uint8Array): Service {
  if (bytes[0] !== OPEN_REQUEST_VERSION) throw malformed('version');
  const service = SERVICES[bytes[1] ?? SERVICES.length];
  if (service === undefined) throw malformed('service');
  return service;
}

/** Throws `WIRE_MALFORMED`, its detail `field` one of version, service, hopLimit, kind, host, port, length. */
export function decodeOpenRequest(bytes: Uint8Array): OpenRequest {
  const service = openRequestService(bytes);
  const [, , hopLimit = 0, kind, nameLength = 0] = bytes;
  if (hopLimit === 0) throw malformed('hopLimit');
  if (kind !== KIND_NAME && kind !== KIND_IPV4 && kind !== KIND_IPV6) throw malformed('kind');
  const start = kind === KIND_NAME ? 5 : 4;
  const end = start + (kind === KIND_NAME ? nameLength : kind === KIND_IPV4 ? 4 : 16);
  if (bytes.length !== end + 2) throw malformed('length');
  const body = bytes.subarray(start, end);
  const host = kind === KIND_NAME ? nameFrom(body) : addressText(body);
  const port = ((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0);
  if (port === 0) throw malformed('port');
  return { service, hopLimit, destination: { host, port } };
}

/** One spelling per destination: a name that reads as an address, or has capitals, was not made by `encodeOpenRequest`. */
function nameFrom(body: Uint8Array): string {
  const text = String.fromCharCode(...body);
  if (addressBytes(text) !== undefined || normalHost(text) !== text) throw malformed('host');
  return text;
}

function malformed(field: 'version' | 'service' | 'hopLimit' | 'kind' | 'host' | 'port' | 'length'): WayleaveError {
  return new WayleaveError('WIRE_MALFORMED', { message: 'openRequest', field });
}
