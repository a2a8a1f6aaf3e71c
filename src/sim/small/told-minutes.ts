import type { SignedStatement } from '../../core/statement/statement.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { Teller } from './teller.ts';

export const MINUTE_MS = 60_000;
/** A node that states once a minute while something moves. */
export const everyMinute = (config: NodeConfig): NodeConfig => ({
  ...config,
  credit: { ...config.credit, statementEveryS: 60 },
});
/** Two nodes that state. */
export const HONEST = { world: { statements: true }, config: everyMinute } as const;
/** … of which one may be made to lie. */
export const STATING = { ...HONEST, dishonest: true } as const;

/** What a statement says once it has been changed on its way. */
export type Lie = (statement: SignedStatement) => SignedStatement;
export type Who = 0 | 1;

/** What this node held against the other one since it was last asked. */
export const verdicts = (teller: Teller, who: Who = 0): string[] =>
  teller
    .said(who)
    .filter((each) => each.startsWith('verdict'))
    .map((each) => each.split(' ')[1] ?? '');

/** A minute of trade, and the statements about it. */
export async function minuteOfTrade(teller: Teller, pieces = 2): Promise<void> {
  await teller.serve(0, pieces);
  await teller.pass(MINUTE_MS);
  await teller.pass(500);
}

/** The same: those statements that reached the seller. */
export async function minute(teller: Teller, pieces = 2): Promise<SignedStatement[]> {
  await minuteOfTrade(teller, pieces);
  return teller.heard(0, 'statement').map(({ statement }) => statement);
}

/** The connection breaks and is made anew. */
export async function again(teller: Teller): Promise<void> {
  await teller.cut();
  await teller.connect();
  teller.said(0);
}
