import { WayleaveError } from '../core/errors.ts';
import { SERVICES } from '../core/service.ts';
import type {
  AllotmentMessage,
  CountsMessage,
  Message,
  PaymentMessage,
  PaymentProof,
  PerService,
} from '../core/session/message.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readCheque, writeCheque } from './cheque-fields.ts';
import { readStatement, writeStatement } from './statement.ts';
import { readTerms, writeTerms } from './terms.ts';

/**
 * The bytes of a message: one type byte, then its fields (docs/wire.md). Types from 128 up that a reader does not know
 * are to be ignored, lower ones are a fault, so that later versions can add what older ones may miss.
 */
const TYPES = {
  terms: 1,
  termsAck: 2,
  counts: 3,
  allotment: 4,
  payment: 5,
  paymentAck: 6,
  mark: 7,
  statement: 8,
  /** A payment whose proof is a transaction. */
  transfer: 9,
  /** A payment by a cheque on a chequebook that several nodes share. */
  sharedCheque: 10,
} as const;
const OPTIONAL_FROM = 128;

/** Encodes a message. Throws `AMOUNT_INVALID` for a field out of range. */
export function encodeMessage(message: Message): Uint8Array {
  const out = new ByteWriter().u8(typeOf(message));
  switch (message.kind) {
    case 'terms':
      return writeTerms(out, message.terms).done();
    case 'termsAck':
      return out.u32(message.epoch).done();
    case 'counts':
      return writeCounts(out, message).done();
    case 'allotment':
      return out.u8(SERVICES.indexOf(message.service)).u32(message.count).u32(message.epoch).done();
    case 'payment':
      return writePayment(out, message).done();
    case 'paymentAck':
      return out.u53(message.id).u256(message.acceptedWei).text(message.code).done();
    case 'mark':
      return out.u53(message.sequence).u53(message.answers).done();
    case 'statement':
      return writeStatement(out, message.statement).done();
  }
}

function typeOf(message: Message): number {
  if (message.kind !== 'payment') return TYPES[message.kind];
  if (message.proof.kind === 'transfer') return TYPES.transfer;
  return message.proof.cheque.ownWei === undefined ? TYPES.payment : TYPES.sharedCheque;
}

/** Decodes a message; undefined for one of a later version that may be ignored. Throws `WIRE_MALFORMED`. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const input = new ByteReader(bytes);
  const type = input.u8();
  if (type >= OPTIONAL_FROM) return undefined;
  const message = readFields(type, input);
  input.end();
  return message;
}

/** True for the messages that travel in the payment class. */
export function isPayment(message: Message): boolean {
  return message.kind === 'payment' || message.kind === 'paymentAck';
}

function readFields(type: number, input: ByteReader): Message {
  switch (type) {
    case TYPES.terms:
      return { kind: 'terms', terms: readTerms(input) };
    case TYPES.termsAck:
      return { kind: 'termsAck', epoch: input.u32() };
    case TYPES.counts:
      return readCounts(input);
    case TYPES.allotment:
      return readAllotment(input);
    case TYPES.payment:
      return readChequePayment(input, false);
    case TYPES.sharedCheque:
      return readChequePayment(input, true);
    case TYPES.transfer:
      return { kind: 'payment', id: input.u53(), units: input.u53(), proof: readTransfer(input) };
    case TYPES.paymentAck:
      return { kind: 'paymentAck', id: input.u53(), acceptedWei: input.u256(), code: input.text() };
    case TYPES.mark:
      return { kind: 'mark', sequence: input.u53(), answers: input.u53() };
    case TYPES.statement:
      return { kind: 'statement', statement: readStatement(input) };
    default:
      throw new WayleaveError('WIRE_MALFORMED', { what: 'message type', type });
  }
}

function writeCounts(out: ByteWriter, counts: CountsMessage): ByteWriter {
  out.u8(counts.opening ? 1 : 0).u32(counts.storeEpoch);
  for (const row of [counts.provided, counts.admitted, counts.consumed]) for (const units of row) out.u53(units);
  return out;
}

function readCounts(input: ByteReader): CountsMessage {
  const opening = input.flag();
  const storeEpoch = input.u32();
  const row = (): PerService => [input.u53(), input.u53(), input.u53()];
  return { kind: 'counts', opening, storeEpoch, provided: row(), admitted: row(), consumed: row() };
}

function readAllotment(input: ByteReader): AllotmentMessage {
  const service = SERVICES[input.u8()];
  if (service === undefined) throw new WayleaveError('WIRE_MALFORMED', { what: 'service' });
  return { kind: 'allotment', service, count: input.u32(), epoch: input.u32() };
}

function writePayment(out: ByteWriter, payment: PaymentMessage): ByteWriter {
  out.u53(payment.id).u53(payment.units);
  if (payment.proof.kind === 'transfer') return writeTransfer(out, payment.proof.transaction);
  return writeCheque(out, payment.proof.cheque);
}

function writeTransfer(out: ByteWriter, transaction: string): ByteWriter {
  if (!/^0x[0-9a-f]{64}$/.test(transaction)) throw new WayleaveError('AMOUNT_INVALID', { transaction });
  return out.raw(Buffer.from(transaction.slice(2), 'hex'));
}

function readTransfer(input: ByteReader): PaymentProof {
  return { kind: 'transfer', transaction: `0x${Buffer.from(input.raw(32)).toString('hex')}` };
}

function readChequePayment(input: ByteReader, shared: boolean): PaymentMessage {
  const [id, units] = [input.u53(), input.u53()];
  return { kind: 'payment', id, units, proof: { kind: 'cheque', cheque: readCheque(input, shared) } };
}
