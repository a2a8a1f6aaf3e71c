import { type ErrorCode, type ErrorDetails, WayleaveError } from '../core/errors.ts';

/** A failure in a form that survives the way between threads. */
export interface Fault {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

/** Primary result codes of SQLite (sqlite.org/rescode.html) that mean something of their own here. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1: 'STORE_CORRUPT', // ERROR: our statements are right, so a table or column is missing
  5: 'STORE_IN_USE', // BUSY
  6: 'STORE_IN_USE', // LOCKED
  11: 'STORE_CORRUPT', // CORRUPT
  13: 'STORE_FULL', // FULL: the disk (ENOSPC) or `maxBytes`
  18: 'STORE_RECORD_INVALID', // TOOBIG
  19: 'STORE_RECORD_INVALID', // CONSTRAINT
  20: 'STORE_RECORD_INVALID', // MISMATCH
  26: 'STORE_CORRUPT', // NOTADB
};

/** What an error thrown by SQLite, the file system or ourselves means to the user of the store. */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof WayleaveError) return { code: error.code, details: error.details };
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'STORE_FULL', details: { path } };
  // An integer in the file that no safe integer can hold.
  if (code === 'ERR_OUT_OF_RANGE') return { code: 'STORE_CORRUPT', details: { path, reason: message } };
  // The low byte is the primary code; the rest tells, for example, which system call failed.
  const known = errcode === undefined ? undefined : CODES[errcode & 0xff];
  const reason = message ?? String(error);
  return { code: known ?? 'STORE_FAILED', details: { path, reason, ...(errcode !== undefined && { errcode }) } };
}
