import type { SignedCheque } from '../core/cheque.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/**
 * A cheque given back to who signed it, first thing on a connection: a payer that lost its store goes on from it (DESIGN
 * §12). Of no use to anybody else, so a node that does not know it passes over it.
 */
const HELD_TYPE = 130;
const SIGNATURE_BYTES = 65;

/** Whether a message of the control class gives a cheque back. */
export function isHeldCheque(message: Uint8Array): boolean {
  return message[0] === HELD_TYPE;
}

export function encodeHeldCheque({ beneficiary, chequebook, cumulativeWei, signature }: SignedCheque): Uint8Array {
  const out = new ByteWriter().u8(HELD_TYPE);
  return out.address(chequebook).address(beneficiary).u256(cumulativeWei).raw(signature).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeHeldCheque(message: Uint8Array): SignedCheque {
  const input = new ByteReader(message);
  input.u8();
  const [chequebook, beneficiary, cumulativeWei] = [input.address(), input.address(), input.u256()];
  const cheque = { chequebook, beneficiary, cumulativeWei, signature: input.raw(SIGNATURE_BYTES) };
  input.end();
  return cheque;
}
