/** A rule that must hold in every world does not: the run ends here, and its seed shows it again. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
  /** A stable word: what a minimised run must break again. */
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}
