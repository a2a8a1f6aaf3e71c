import { chequeDigest } from '../../chain/eip712.ts';
import type { IssuerKeys } from '../../chain/issuer-keys.ts';
import type { Signer } from '../../chain/signer.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';

/** Which of the two signed stands in this byte of the signature, after the digest that was signed. */
const WHO_AT = 32;

/** Signs with nothing but its name: a curve would take most of the time of a search and could not fail here. */
export function smallSigner(id: NodeId, who: number): Signer {
  return {
    id,
    publicKey: new Uint8Array(33),
    signDigest(digest) {
      const signature = new Uint8Array(65);
      signature.set(digest);
      signature[WHO_AT] = who;
      return signature;
    },
    signSha256: () => new Uint8Array(0),
  };
}

/** Who signed a cheque with `smallSigner`; undefined when a field of it was changed since. */
export function smallRecover(ids: readonly NodeId[]): (chainId: number, cheque: SignedCheque) => NodeId | undefined {
  return (chainId, cheque) => {
    const digest = chequeDigest(chainId, cheque);
    return digest.every((byte, at) => cheque.signature[at] === byte) ? ids[cheque.signature[WHO_AT] ?? -1] : undefined;
  };
}

/** The same for who asks whether a certain one signed. */
export function smallIssuers(ids: readonly NodeId[]): Pick<IssuerKeys, 'signed' | 'cashable'> {
  const recover = smallRecover(ids);
  return {
    signed: (chainId, cheque, issuer) => recover(chainId, cheque) === issuer,
    cashable: (_, cheque) => cheque,
  };
}
