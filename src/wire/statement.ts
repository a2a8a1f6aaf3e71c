import { WayleaveError } from '../core/errors.ts';
import type { PerService } from '../core/session/message.ts';
import type { SignedStatement } from '../core/statement/statement.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

const SIGNATURE_BYTES = 65;

/** The bytes of a signed statement (docs/wire.md). Throws `AMOUNT_INVALID` for a field out of range. */
export function writeStatement(out: ByteWriter, statement: SignedStatement): ByteWriter {
  if (statement.signature.length !== SIGNATURE_BYTES)
    throw new WayleaveError('AMOUNT_INVALID', { signature: statement.signature.length });
  out.u53(statement.chainId).address(statement.from).address(statement.to);
  out.u32(statement.storeEpoch).u53(statement.sequence).u53(statement.answers);
  for (const total of [statement.provided, statement.consumed]) for (const units of total) out.u53(units);
  for (const total of [statement.providedCorrection, statement.consumedCorrection])
    for (const units of total) signed(out, units);
  for (const total of [statement.providedBytes, statement.consumedBytes]) for (const bytes of total) out.u53(bytes);
  out.u53(statement.paid).u53(statement.received).u53(statement.packetsSent).u53(statement.packetsReceived);
  return out.raw(statement.signature);
}

/** Reads a signed statement; whose it is, and whether it is true, others decide. Throws `WIRE_MALFORMED`. */
export function readStatement(input: ByteReader): SignedStatement {
  const head = { chainId: input.u53(), from: input.address(), to: input.address() };
  const numbers = { storeEpoch: input.u32(), sequence: input.u53(), answers: input.u53() };
  const whole = (): PerService => [input.u53(), input.u53(), input.u53()];
  const either = (): PerService => [readSigned(input), readSigned(input), readSigned(input)];
  return {
    ...head,
    ...numbers,
    provided: whole(),
    consumed: whole(),
    providedCorrection: either(),
    consumedCorrection: either(),
    providedBytes: whole(),
    consumedBytes: whole(),
    paid: input.u53(),
    received: input.u53(),
    packetsSent: input.u53(),
    packetsReceived: input.u53(),
    signature: input.raw(SIGNATURE_BYTES),
  };
}

/** A sign and a size; there is one way to write zero. */
function signed(out: ByteWriter, units: number): void {
  out.u8(units < 0 ? 1 : 0).u53(Math.abs(units));
}

function readSigned(input: ByteReader): number {
  const negative = input.flag();
  const size = input.u53();
  if (negative && size === 0) throw new WayleaveError('WIRE_MALFORMED', { what: 'minus zero' });
  return negative ? -size : size;
}

/** A statement alone, as the store keeps it. */
export function encodeStatement(statement: SignedStatement): Uint8Array {
  return writeStatement(new ByteWriter(), statement).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeStatement(bytes: Uint8Array): SignedStatement {
  const input = new ByteReader(bytes);
  const statement = readStatement(input);
  input.end();
  return statement;
}
