import type { Half } from '../ledger/cut.ts';
import { STATEMENT_RULES as RULES } from './statement-rules.ts';

/** A mark that one end set behind everything it had charged at sending. */
export interface Mark {
  readonly sequence: number;
  /** Mine: what I had sent. Theirs: what had arrived here. */
  readonly half: Half;
  /** Theirs: what I had paid, acknowledged, when it was met. */
  readonly paid: number;
}

/** A mark of mine and the neighbour's that go together: what both ends state the totals at. */
export interface Cut {
  readonly mine: Mark;
  readonly theirs: Mark;
}

/**
 * Both ends' marks on one connection, and which two of them make a cut: a mark goes with the other end's that it answers,
 * or with the one that will answer it. Each makes one cut at the most.
 */
export class StatementCuts {
  #mine: Mark[] = [];
  #theirs: Mark[] = [];
  /** My last mark, while the neighbour's that makes a cut with it has not come. */
  #pending: Mark | undefined;
  /** The neighbour's last mark that has its cut. */
  #answered = 0;

  /** A connection is there, on which no mark was set. */
  opened(): void {
    this.#mine = [];
    this.#theirs = [];
    this.#answered = 0;
  }

  /** The connection is gone: nobody answers any more. */
  closed(): void {
    this.#pending = undefined;
  }

  /** I set a mark: the cut it makes with the neighbour's that it answers; undefined: it awaits one. */
  set(mine: Mark): Cut | undefined {
    pushBounded(this.#mine, mine);
    const theirs = this.#theirs.at(-1);
    if (theirs !== undefined && theirs.sequence > this.#answered) return this.#cut(mine, theirs);
    this.#pending = mine;
    return undefined;
  }

  /**
   * A mark of the neighbour came, which `answers` one of mine, or none (0): the cut it makes with mine that awaits one. An
   * answer wants none, even to a mark that has its cut already: else two ends could answer each other for ever.
   */
  met(theirs: Mark, answers: number): Cut | undefined {
    pushBounded(this.#theirs, theirs);
    if (this.#pending !== undefined) return this.#cut(this.#pending, theirs);
    if (answers !== 0) this.#answered = theirs.sequence;
    return undefined;
  }

  #cut(mine: Mark, theirs: Mark): Cut {
    this.#answered = theirs.sequence;
    this.#pending = undefined;
    return { mine, theirs };
  }

  /** The number of the neighbour's last mark; 0: none came. */
  get lastMet(): number {
    return this.#theirs.at(-1)?.sequence ?? 0;
  }

  /** Whether a mark awaits the neighbour's, or a cut its statement; `stated`: of which mark its last one was. */
  underWay(stated: number): boolean {
    return this.#pending !== undefined || this.#answered > stated;
  }

  /** Whether I set this mark here, lately. */
  isMine(sequence: number): boolean {
    return this.#mine.some((mark) => mark.sequence === sequence);
  }

  /** The cut that a statement of the neighbour names; undefined where one of its marks was not set or met here, lately. */
  find(theirs: number, mine: number): Cut | undefined {
    const met = this.#theirs.find(({ sequence }) => sequence === theirs);
    const set = this.#mine.find(({ sequence }) => sequence === mine);
    return met === undefined || set === undefined ? undefined : { mine: set, theirs: met };
  }
}

function pushBounded(marks: Mark[], mark: Mark): void {
  marks.push(mark);
  if (marks.length > RULES.marksKept) marks.shift();
}
