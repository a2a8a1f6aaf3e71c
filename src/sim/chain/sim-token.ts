/** What a token may do to whoever wants to move it. */
export type TokenMood = 'sound' | 'paused' | 'refusing';

/** What a token did in a transaction. */
export type TokenAct = 'reverted' | 'refused' | 'kept';

const ALL_BP = 10_000n;

/**
 * How the money of a world behaves where it is an ERC-20 token: what every account holds stands in `ChainState` as coin
 * does. While `paused` every transfer reverts, while `refusing` it answers `false` and moves nothing, and of each the token
 * keeps `feeBp`. What it keeps follows from the token alone, so that a payment comes to the same on every branch.
 */
export class SimToken {
  /** Of each transfer, hundredths of a per cent. */
  readonly feeBp: number;
  mood: TokenMood = 'sound';
  readonly #acts = new Set<TokenAct>();

  constructor(feeBp: number) {
    this.feeBp = feeBp;
  }

  did(act: TokenAct): void {
    this.#acts.add(act);
  }

  feeOf(wei: bigint): bigint {
    return (wei * BigInt(this.feeBp)) / ALL_BP;
  }

  /** What it did since the last call. */
  takeActs(): readonly TokenAct[] {
    const acts = [...this.#acts];
    this.#acts.clear();
    return acts;
  }
}
