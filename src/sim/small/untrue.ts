/** Something is not as a story says. */
export class Untrue extends Error {}

/** Throws `Untrue` where two things do not read the same. */
export function mustBeSame(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Untrue(`${what}: ${is} and not ${should}`);
}
