import { addressBytes } from '../wire/ip-address.ts';

/** A range of addresses: those whose first `bits` are those of `bytes`. */
export interface AddressPrefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** Reads `address` or `address/bits`; undefined for anything else. */
export function parsePrefix(text: string): AddressPrefix | undefined {
  const [address = '', length, more] = text.split('/');
  const bytes = addressBytes(address);
  if (bytes === undefined || more !== undefined) return undefined;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
  return bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** Whether an address (4 or 16 bytes) lies in the range. IPv4 and IPv6 never match each other. */
export function matches(prefix: AddressPrefix, address: Uint8Array): boolean {
  if (prefix.bytes.length !== address.length) return false;
  const whole = prefix.bits >> 3;
  for (let index = 0; index < whole; index++) if (prefix.bytes[index] !== address[index]) return false;
  const mask = (0xff00 >> (prefix.bits & 7)) & 255;
  return ((prefix.bytes[whole] ?? 0) & mask) === ((address[whole] ?? 0) & mask);
}
