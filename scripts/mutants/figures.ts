import { REASONS } from './accepted/reasons.ts';
import { waiver } from './accepted.ts';
import { HAND_MADE } from './hand-made.ts';
import { mechanicalMutants } from './mechanical.ts';
import type { Mutant } from './mutant.ts';

/** The tables of docs/mutants.md: how many mutants there are, who is asked about them, and why somebody is not. */
export function figures(): string[] {
  const all = mechanicalMutants();
  const left = all.filter(({ deletion }) => deletion);
  const [nobody, leftNobody] = [count(all, 'nobody'), count(left, 'nobody')];
  const unseen = count(left, 'simulation');
  const asked = left.length - leftNobody - unseen;
  const told = (figure: number): string => figure.toLocaleString('en-US');
  return [
    `${HAND_MADE.length} bugs made by hand and ${told(all.length)} mechanical mutants, ${told(left.length)} of which leave a rule out`,
    '',
    '| pass | asked | not asked, explained |',
    '|---|--:|--:|',
    `| made by hand, of simulation | ${HAND_MADE.length} | 0 |`,
    `| mechanical, of unit tests | ${told(all.length - nobody)} | ${nobody} that nobody need notice |`,
    `| rules left out, of simulation | ${told(asked)} | ${leftNobody} of those, ${unseen} that simulation need not notice |`,
    '',
    '| why | by nobody | not by simulation |',
    '|---|--:|--:|',
    ...reasons(all),
  ];
}

function count(mutants: readonly Mutant[], not: 'nobody' | 'simulation'): number {
  return mutants.filter((mutant) => waiver(mutant)?.not === not).length;
}

function reasons(all: readonly Mutant[]): string[] {
  return Object.entries(REASONS)
    .map(([why, text]) => {
      const mine = all.filter((mutant) => waiver(mutant)?.why === why);
      const [nobody, unseen] = [count(mine, 'nobody'), count(mine, 'simulation')];
      const row = `| ${text.split(/[:;,]/)[0]} | ${nobody || ''} | ${unseen || ''} |`;
      return { row, sum: nobody + unseen };
    })
    .filter(({ sum }) => sum > 0)
    .toSorted((a, b) => b.sum - a.sum)
    .map(({ row }) => row);
}
