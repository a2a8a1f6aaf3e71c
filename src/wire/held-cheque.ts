import type { SignedCheque } from '../core/settlement/cheque.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readCheque, writeCheque } from './cheque-fields.ts';

/**
 * A cheque given back to who signed it, first thing on a connection: a payer that lost its store goes on from it (DESIGN
 * §12). Of no use to anybody else, so a node that does not know it passes over it.
 */
const HELD_TYPE = 130;
/** The same, of a chequebook that several nodes share, with what its receiver has paid of the amount. */
const SHARED_TYPE = 131;

/** Whether a message of the control class gives a cheque back. */
export function isHeldCheque(message: Uint8Array): boolean {
  return message[0] === HELD_TYPE || message[0] === SHARED_TYPE;
}

export function encodeHeldCheque(cheque: SignedCheque): Uint8Array {
  const out = new ByteWriter().u8(cheque.ownWei === undefined ? HELD_TYPE : SHARED_TYPE);
  return writeCheque(out, cheque).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeHeldCheque(message: Uint8Array): SignedCheque {
  const input = new ByteReader(message);
  const cheque = readCheque(input, input.u8() === SHARED_TYPE);
  input.end();
  return cheque;
}
