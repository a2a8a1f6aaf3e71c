import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';

/** Longer is what a caller sent: an answer names the mistake and does not repeat it all. */
const MOST_SHOWN = 200;

/** The refusal of a body or a query: which field it is, and what is wrong with it or may stand there. */
export function bodyInvalid(issue: v.BaseIssue<unknown>): WayleaveError {
  const { message } = issue;
  const what = message.length <= MOST_SHOWN ? message : `${message.slice(0, MOST_SHOWN)}…`;
  return new WayleaveError('API_BODY_INVALID', { field: v.getDotPath(issue) ?? undefined, what });
}
