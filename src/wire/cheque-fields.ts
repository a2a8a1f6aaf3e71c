import { WayleaveError } from '../core/errors.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

const SIGNATURE_BYTES = 65;

/** The fields of a cheque; behind them, where nodes share its chequebook, what one of them has paid of the amount. */
export function writeCheque(out: ByteWriter, cheque: SignedCheque): ByteWriter {
  const { beneficiary, chequebook, cumulativeWei, ownWei, signature } = cheque;
  if (signature.length !== SIGNATURE_BYTES) throw new WayleaveError('AMOUNT_INVALID', { signature: signature.length });
  out.address(chequebook).address(beneficiary).u256(cumulativeWei).raw(signature);
  return ownWei === undefined ? out : out.u256(ownWei);
}

export function readCheque(input: ByteReader, shared: boolean): SignedCheque {
  const chequebook = input.address();
  const beneficiary = input.address();
  const cumulativeWei = input.u256();
  const signature = input.raw(SIGNATURE_BYTES);
  return { chequebook, beneficiary, cumulativeWei, signature, ...(shared && { ownWei: input.u256() }) };
}
