import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import { chequeDigest } from './eip712.ts';
import { idOfPublicKey, recoverKey, recoverSigner, verifyKnown } from './signer.ts';

/**
 * Checks the cheques of those who pay again and again. The first good one tells its issuer's key. What comes later is
 * verified by that key, which takes a fifth less than to recover it each time, but says nothing of v: whoever holds r and s
 * can tell the right v, so `cashable` does, for the one cheque in many that goes to the contract.
 */
export class IssuerKeys {
  /** Uncompressed, by who has signed a good cheque. */
  readonly #keys = new Map<NodeId, Uint8Array>();

  /** Did `issuer` sign it? Fields out of range throw as in `signCheque`: a decoder must have refused them before. */
  signed(chainId: number, cheque: SignedCheque, issuer: NodeId): boolean {
    const digest = chequeDigest(chainId, cheque);
    const known = this.#keys.get(issuer);
    if (known !== undefined) return verifyKnown(digest, cheque.signature, known);
    const key = recoverKey(digest, cheque.signature);
    if (key === undefined || idOfPublicKey(key) !== issuer) return false;
    this.#keys.set(issuer, key);
    return true;
  }

  /** A cheque that `issuer` signed, with the v by which the contract finds that out. */
  cashable(chainId: number, cheque: SignedCheque, issuer: NodeId): SignedCheque {
    const digest = chequeDigest(chainId, cheque);
    if (recoverSigner(digest, cheque.signature) === issuer) return cheque;
    const signature = Uint8Array.from(cheque.signature);
    signature[64] = signature[64] === 27 ? 28 : 27;
    return recoverSigner(digest, signature) === issuer ? { ...cheque, signature } : cheque;
  }
}
