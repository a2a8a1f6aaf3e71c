import { type FaultOutcome, runFaults } from './fault-run.ts';

/** Lines before the end that a person is shown, unless all are asked for. */
const TRACE_LINES = 60;

/** What was said while a run broke a rule. */
export interface FaultTrace {
  readonly lines: readonly string[];
  /** So many were said beside these. */
  readonly leftOut: number;
}

/** Runs it again and keeps the last lines about those whom the broken rule accuses, with the faults that struck them. */
export async function faultTrace({ broken, run }: FaultOutcome, whole = false): Promise<FaultTrace> {
  const accused = whole ? [] : accusedOf(broken?.what ?? '');
  const lines: string[] = [];
  let leftOut = 0;
  await runFaults(run, (atMs, line, whom) => {
    if (concerns(whom, accused)) lines.push(`${(atMs / 1000).toFixed(3).padStart(10)} s  ${line}`);
    else leftOut += 1;
    if (whole || lines.length <= TRACE_LINES) return;
    lines.shift();
    leftOut += 1;
  });
  return { lines, leftOut };
}

/** Of two, only what is between them, each of them, or all; of one, whatever it has a part in. */
function concerns(whom: readonly string[], accused: readonly string[]): boolean {
  if (whom.length === 0 || accused.length === 0) return true;
  return accused.length === 1 ? whom.includes(accused[0] as string) : whom.every((each) => accused.includes(each));
}

/** As rules name nodes: “A about B: …”, “A–B: …; C–D: …”, “A of B: …”, “A would lose 5 to B, …”, “A: …”. */
const ACCUSED = /^([A-Z]\d*(?:-\w+)*)(?:: |(?: about | of |–| would lose \d+ to )([A-Z]\d*(?:-\w+)*)\b)/;

/** The names of those whom the words of a broken rule accuse; none where it is nobody in particular. */
export function accusedOf(what: string): readonly string[] {
  const parts = what.replace(/^[a-z-]+: /, '').split('; ');
  const names = parts.flatMap((part) => (ACCUSED.exec(part) ?? []).slice(1));
  return [...new Set(names.filter((name) => name !== undefined))];
}
