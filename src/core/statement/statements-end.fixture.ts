import { readyAccount } from '../ledger/account-pair.fixture.ts';
import type { CountsMessage } from '../session/message.ts';
import { PAIR_ID } from '../session/session-pair.fixture.ts';
import type { SignedStatement, Statement } from './statement.ts';
import { STATED } from './statement-pair.fixture.ts';
import { Statements, type StatementsOptions, type Step } from './statements.ts';

export const INTERVAL_MS = 60_000;
export const OPENED_MS = 1_000;

/** One end's statements, stepped by hand: what follows from each event, in words. */
export class StatementsEnd {
  readonly account = readyAccount({ mine: { dropAt: 100_000 }, theirs: { dropAt: 100_000 } });
  readonly statements: Statements;
  nowMs = OPENED_MS;
  kept: Statement | undefined;

  constructor(options: Partial<StatementsOptions> & { storeEpoch?: number } = {}) {
    const { storeEpoch = 1, ...rest } = options;
    this.account.ledger.provided(this.account.row, 0, 1_000);
    this.statements = new Statements(this.account, storeEpoch, {
      ...{ me: PAIR_ID, chainId: 31337, intervalMs: INTERVAL_MS, ...rest },
    });
  }

  does(act: (statements: Statements, step: Step) => void): string[] {
    const said: string[] = [];
    const step: Step = { nowMs: this.nowMs, effects: [], fault: (code) => said.push(code) };
    act(this.statements, step);
    for (const effect of step.effects) {
      if (effect.kind === 'keepStatement') this.kept = effect.statement;
      if (effect.kind === 'emit') said.push(effect.event.kind);
      else if (effect.kind === 'forgot') said.push(`forgot ${effect.units}`);
      else if (effect.kind === 'rememberStatement') said.push(`remember ${effect.party}`);
      else if (effect.kind !== 'send') said.push(effect.kind);
      else if (effect.message.kind === 'mark') said.push(`mark ${effect.message.sequence} ${effect.message.answers}`);
      else said.push(`send ${effect.message.kind}`);
    }
    return said;
  }

  open(change: Partial<CountsMessage> = {}, inflated = false, forgotten = 0, consumed = 0): string[] {
    const all = { provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [1_000, 0, 0] } as const;
    const counts: CountsMessage = { kind: 'counts', opening: true, storeEpoch: 1, ...all, ...change };
    return this.does((statements, step) =>
      statements.opened(counts, { provided: forgotten, consumed, inflated }, step),
    );
  }

  tick(afterMs = 0): string[] {
    this.nowMs += afterMs;
    return this.does((statements, step) => statements.tick(step));
  }

  quiet(up = true): string[] {
    return this.does((statements, step) => statements.on({ kind: 'quiet' }, up, step));
  }

  mark(sequence: number, answers = 0): string[] {
    return this.does((statements, step) => statements.came({ kind: 'mark', sequence, answers }, step));
  }

  /** Their statement was looked at; without a change it agrees with my books. */
  says(change: Partial<SignedStatement>): string[] {
    const statement = { ...STATED, consumed: [1_000, 0, 0] as const, ...change };
    return this.does((statements, step) =>
      statements.on({ kind: 'statementChecked', statement, genuine: true }, true, step),
    );
  }

  keeps(statement: SignedStatement): string[] {
    return this.does((statements, step) => statements.on({ kind: 'statementKept', statement }, true, step));
  }

  /** Something is carried, for nothing, so that there is something to state. */
  moves(): void {
    this.account.service('transit').providedBytes += 1;
  }

  /** Opened, with both marks met: their statement of the first cut may come. */
  met(change: Partial<CountsMessage> = {}, inflated = false): this {
    this.open(change, inflated);
    this.moves();
    this.tick(INTERVAL_MS);
    this.quiet();
    this.mark(1, 1);
    return this;
  }
}
