import type { TokenMood } from './chain/sim-token.ts';
import type { FaultKind } from './faults.ts';

/** What a token does that moves nobody's money for a while: it reverts, or answers `false`. */
export const TOKEN_FAULTS: readonly FaultKind[] = [
  moody('token reverts', 'paused'),
  moody('token refuses', 'refusing'),
];

function moody(name: string, mood: TokenMood): FaultKind {
  return {
    name,
    group: 'chain',
    inToken: true,
    weight: 8,
    lastsMs: 30_000,
    strike({ chain }) {
      const { token } = chain.blocks.state;
      if (token === undefined) return undefined;
      token.mood = mood;
      return () => {
        token.mood = 'sound';
      };
    },
  };
}
