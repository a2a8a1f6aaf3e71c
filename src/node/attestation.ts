import type { Signer } from '../chain/signer.ts';
import { type SignedText, signText } from '../chain/text-signing.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CreditHistory, LinkStatus } from './node.ts';

/** What the text of a signed credit history says, as JSON. */
export interface Attestation {
  readonly wayleave: 'credit history';
  readonly version: 1;
  readonly chainId: number;
  /** Whose books it is from, and about whom. */
  readonly by: NodeId;
  readonly about: NodeId;
  readonly atMs: number;
  /** Units; what one is worth is in `weiPerUnit`. */
  readonly weiPerUnit: string;
  readonly history: CreditHistory;
}

export interface AttestationContext {
  readonly signer: Signer;
  readonly chainId: number;
  readonly weiPerUnit: bigint;
  readonly atMs: number;
}

/** How a neighbour has paid, signed by this node. Throws `LEDGER_NO_ACCOUNT`. */
export function attest(link: LinkStatus | undefined, context: AttestationContext): SignedText {
  const history = link?.credit.history;
  if (link === undefined || history === undefined) throw new WayleaveError('LEDGER_NO_ACCOUNT');
  const { atMs, chainId, signer } = context;
  const attestation: Attestation = {
    wayleave: 'credit history',
    version: 1,
    chainId,
    by: signer.id,
    about: link.neighbour,
    atMs,
    weiPerUnit: String(context.weiPerUnit),
    history,
  };
  return signText(signer, JSON.stringify(attestation));
}
