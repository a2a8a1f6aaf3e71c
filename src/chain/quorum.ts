import { WayleaveError } from '../core/errors.ts';
import type { RpcOutcome } from './json-rpc.ts';

/** More would only ask more of the same; bounds what one call can cause. */
export const MAX_ENDPOINTS = 8;

/** A question that has one answer wherever it is asked: about a block by its number, or about a transaction. */
export interface Question<Answer> {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Undefined: not known there (yet). Throws for an answer that is none. */
  readonly read: (outcome: RpcOutcome) => Answer | undefined;
}

/** What came from one endpoint, which is named by its place among those asked. */
export interface Vote<Answer> {
  readonly place: number;
  readonly answer?: Answer | undefined;
  /** Why there is no answer. */
  readonly failure?: unknown;
}

/** `against`: the places of those who said something else. */
export type Verdict<Answer> =
  | { readonly answer: Answer | undefined; readonly against: readonly number[] }
  | { readonly failure: unknown };

/**
 * What `quorum` of those asked say; undefined while votes are missing that could decide. When all have voted: an answer
 * that is not known to enough is not known; different answers, none often enough, are `RPC_DISAGREES`; and too few that
 * answer at all are what the first of the others failed with.
 */
export function count<Answer>(
  votes: readonly Vote<Answer>[],
  quorum: number,
  asked: number,
): Verdict<Answer> | undefined {
  const groups = new Map<string, Vote<Answer>[]>();
  for (const vote of votes) {
    if ('failure' in vote) continue;
    const key = printed(vote.answer);
    groups.set(key, [...(groups.get(key) ?? []), vote]);
  }
  const all = [...groups.values()];
  const known = all.filter(([first]) => first?.answer !== undefined);
  const won = all.find((group) => group.length >= quorum);
  if (won !== undefined) {
    const answer = won[0]?.answer;
    const others = answer === undefined ? [] : known.filter((group) => group !== won);
    return { answer, against: others.flat().map(({ place }) => place) };
  }
  if (votes.length < asked) return undefined;
  if (known.length > 1) return { failure: new WayleaveError('RPC_DISAGREES', { answers: known.length, quorum }) };
  if (all.flat().length >= quorum) return { answer: undefined, against: [] };
  const first = votes.find((vote) => 'failure' in vote);
  return { failure: first?.failure };
}

/** Equal answers print equal. */
function printed(answer: unknown): string {
  return JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)) ?? '';
}
