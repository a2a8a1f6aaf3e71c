import type { Coverage } from './coverage.ts';

/**
 * Of what a run is for and has not happened, what makes it a failure. Of several cheats one may leave another nothing to
 * take, or be cut with it: it is enough that one of them cheated.
 */
export function lacking(missing: readonly string[], { counts }: Coverage): readonly string[] {
  const cheated = [...counts].some(([name, times]) => times > 0 && name.startsWith('cheat.'));
  return missing.filter((prefix) => !cheated || !prefix.startsWith('cheat.'));
}
