import { WayleaveError } from '../core/errors.ts';
import { SERVICES } from '../core/service.ts';
import { PAYMENT_METHODS, type PaymentMethod, type ServiceTerms, type Terms } from '../core/terms/terms.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

const SIGNATURE_BYTES = 65;
const DELEGATED = 2;

/** The bytes of a node's terms (DESIGN §4); docs/wire.md lists them. Ranges are the rules' business, not the codec's. */
export function writeTerms(out: ByteWriter, terms: Terms): ByteWriter {
  out.u32(terms.epoch).u8(terms.protocolVersion).u53(terms.chainId);
  optionalAddress(out, terms.token === 'native' ? undefined : terms.token);
  out.u256(terms.ratio.numerator).u256(terms.ratio.denominator);
  out.u8(terms.methods.length);
  for (const method of terms.methods) out.u8(PAYMENT_METHODS.indexOf(method));
  writeChequebook(out, terms);
  optionalAddress(out, terms.channel);
  for (const service of SERVICES) {
    const { askPerMb, bidPerMb } = terms.services[service];
    out
      .u8(askPerMb === undefined ? 0 : 1)
      .u53(askPerMb ?? 0)
      .u53(bidPerMb);
  }
  out
    .u53(terms.payAt)
    .u53(terms.dropAt)
    .u53(terms.valueAt)
    .u53(terms.settleEveryMs)
    .u8(terms.metering === 'time' ? 1 : 0);
  out.u53(terms.allotment.bytes).u53(terms.allotment.ms);
  return out.u53(terms.priority.sendingPerMb).u53(terms.priority.receivingPerMb);
}

/** Reads terms. Throws `WIRE_MALFORMED`. */
export function readTerms(input: ByteReader): Terms {
  const epoch = input.u32();
  const protocolVersion = input.u8();
  const chainId = input.u53();
  const token = readAddress(input) ?? 'native';
  const ratio = { numerator: input.u256(), denominator: input.u256() };
  const methods = readMethods(input);
  const from = readChequebook(input);
  const channel = readAddress(input);
  // In the order of `SERVICES`.
  const services = { transit: readService(input), chunks: readService(input), packets: readService(input) };
  return {
    epoch,
    protocolVersion,
    chainId,
    token,
    ratio,
    methods,
    ...from,
    channel,
    services,
    payAt: input.u53(),
    dropAt: input.u53(),
    valueAt: input.u53(),
    settleEveryMs: input.u53(),
    metering: input.flag() ? 'time' : 'data',
    allotment: { bytes: input.u53(), ms: input.u53() },
    priority: { sendingPerMb: input.u53(), receivingPerMb: input.u53() },
  };
}

function readService(input: ByteReader): ServiceTerms {
  const offered = input.flag();
  const ask = input.u53();
  return { askPerMb: offered ? ask : undefined, bidPerMb: input.u53() };
}

function readMethods(input: ByteReader): PaymentMethod[] {
  const count = input.u8();
  if (count > PAYMENT_METHODS.length) throw new WayleaveError('WIRE_MALFORMED', { what: 'methods' });
  const methods: PaymentMethod[] = [];
  for (let at = 0; at < count; at += 1) {
    const method = PAYMENT_METHODS[input.u8()];
    if (method === undefined) throw new WayleaveError('WIRE_MALFORMED', { what: 'method' });
    methods.push(method);
  }
  return methods;
}

/** 0: none, 1: an address, 2: an address and the delegation by which the sender pays from it. */
function writeChequebook(out: ByteWriter, { chequebook, delegation }: Terms): void {
  if (chequebook === undefined || delegation === undefined) return optionalAddress(out, chequebook);
  out.u8(DELEGATED).address(chequebook).address(delegation.payout).u53(delegation.expiresS).raw(delegation.signature);
}

function readChequebook(input: ByteReader): Pick<Terms, 'chequebook' | 'delegation'> {
  const kind = input.u8();
  if (kind > DELEGATED) throw new WayleaveError('WIRE_MALFORMED', { what: 'chequebook' });
  if (kind === 0) return { chequebook: undefined };
  const chequebook = input.address();
  if (kind !== DELEGATED) return { chequebook };
  const delegation = { payout: input.address(), expiresS: input.u53(), signature: input.raw(SIGNATURE_BYTES) };
  return { chequebook, delegation };
}

function optionalAddress(out: ByteWriter, address: string | undefined): void {
  if (address === undefined) out.u8(0);
  else out.u8(1).address(address);
}

function readAddress(input: ByteReader): string | undefined {
  return input.flag() ? input.address() : undefined;
}

/** Terms alone, as the store keeps them. */
export function encodeTerms(terms: Terms): Uint8Array {
  return writeTerms(new ByteWriter(), terms).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeTerms(bytes: Uint8Array): Terms {
  const input = new ByteReader(bytes);
  const terms = readTerms(input);
  input.end();
  return terms;
}
