import { type ErrorCode, WayleaveError } from '../core/errors.ts';

/** SQLSTATE codes and classes (PostgreSQL manual, appendix A) that mean something of their own here; longest match wins. */
const STATES: Readonly<Record<string, ErrorCode>> = {
  '22': 'STORE_RECORD_INVALID', // data exception
  '23': 'STORE_RECORD_INVALID', // a constraint of the tables
  '25006': 'STORE_UNFIT', // read-only transaction: a standby
  '28': 'STORE_REFUSED', // who are you
  '3D': 'STORE_REFUSED', // no such database
  '42501': 'STORE_REFUSED', // no right
  '42': 'STORE_CORRUPT', // our statements are right, so a table or column is missing
  '53100': 'STORE_FULL',
  '53300': 'STORE_UNREACHABLE', // too many connections
  '54': 'STORE_RECORD_INVALID', // beyond a limit of the server
  '55P03': 'STORE_IN_USE', // lock not available
  '57P': 'STORE_UNREACHABLE', // shut down, crashed, starting
  '08': 'STORE_UNREACHABLE',
  XX001: 'STORE_CORRUPT',
  XX002: 'STORE_CORRUPT',
};

/** Worth another try as it is: deadlock, serialisation failure. */
const AGAIN = ['40P01', '40001'];

/** What of an error by `pg` is looked at. */
interface PgError {
  readonly code?: string;
  readonly message?: string;
  readonly severity?: string;
  readonly constraint?: string;
}

/** What an error means to the user of the store. Without a SQLSTATE the connection was lost or never made. */
export function postgresFault(error: unknown, place: string): WayleaveError {
  if (error instanceof WayleaveError) return error;
  const { code = '', message } = error as PgError;
  const state = isState(error) ? code : undefined;
  const known = [5, 3, 2].map((length) => STATES[code.slice(0, length)]).find((each) => each !== undefined);
  const meaning = state === undefined ? 'STORE_UNREACHABLE' : (known ?? 'STORE_FAILED');
  return new WayleaveError(meaning, { place, state, reason: message ?? String(error) }, error);
}

/** A five-character SQLSTATE; errors of the system (`ECONNREFUSED`) have longer names. */
function isState(error: unknown): boolean {
  const { code, severity } = error as PgError;
  return severity !== undefined && code !== undefined && /^[0-9A-Z]{5}$/.test(code);
}

/** The connection is gone or going: whether the statement was carried out is not known. */
export function lostServer(error: unknown): boolean {
  return isState(error) && postgresFault(error, '').code === 'STORE_UNREACHABLE';
}

/** True where the same statement may well succeed at once. */
export function mayRepeat(error: unknown): boolean {
  return AGAIN.includes((error as PgError).code ?? '');
}

/** True where this constraint of the tables was the reason. */
export function brokeConstraint(error: unknown, name: string): boolean {
  return (error as PgError).constraint === name;
}
