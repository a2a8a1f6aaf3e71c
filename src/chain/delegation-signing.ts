import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Delegation, DelegationFacts } from '../core/settlement/delegation.ts';
import { hashOfText, typedDataDigest, writeAddress, writeUint256 } from './eip712.ts';
import { keccak256 } from './keccak.ts';
import { recoverSigner, type Signer } from './signer.ts';

/**
 * The digest of a delegation (EIP-712, typed data). The domain has a name of its own, so that no signature over one is
 * ever a cheque, or the other way round.
 */

const WORD_BYTES = 32;
const DOMAIN_TYPE_HASH = hashOfText('EIP712Domain(string name,string version,uint256 chainId)');
const NAME_HASH = hashOfText('Wayleave Delegation');
const VERSION_HASH = hashOfText('1');
const TYPE_HASH = hashOfText('Delegation(address node,address chequebook,address payout,uint256 expires)');

/** The 32 bytes to sign. Throws `NODE_ID_INVALID`, `AMOUNT_INVALID`. */
export function delegationDigest({ chainId, chequebook, expiresS, node, payout }: DelegationFacts): Uint8Array {
  if (!Number.isSafeInteger(chainId) || chainId <= 0) throw new WayleaveError('AMOUNT_INVALID', { chainId });
  const domain = new Uint8Array(4 * WORD_BYTES);
  for (const [at, hash] of [DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH].entries()) domain.set(hash, at * WORD_BYTES);
  writeUint256(domain, 3 * WORD_BYTES, BigInt(chainId));
  const words = new Uint8Array(5 * WORD_BYTES);
  words.set(TYPE_HASH);
  writeAddress(words, WORD_BYTES, node);
  writeAddress(words, 2 * WORD_BYTES, chequebook);
  writeAddress(words, 3 * WORD_BYTES, payout);
  writeUint256(words, 4 * WORD_BYTES, BigInt(expiresS));
  return typedDataDigest(keccak256(domain), keccak256(words));
}

/** As the issuer of the chequebook. */
export function signDelegation(issuer: Signer, facts: DelegationFacts): Delegation {
  const { expiresS, payout } = facts;
  return { payout, expiresS, signature: issuer.signDigest(delegationDigest(facts)) };
}

/** Who has delegated, so that it can be compared with the issuer; undefined where the signature is malformed. */
export function delegatedBy(
  { expiresS, payout, signature }: Delegation,
  to: Pick<DelegationFacts, 'node' | 'chequebook' | 'chainId'>,
): NodeId | undefined {
  return recoverSigner(delegationDigest({ ...to, payout, expiresS }), signature);
}
