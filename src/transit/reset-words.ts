import { ResetCode } from '../link/link.ts';

const WORDS = Object.fromEntries(Object.entries(ResetCode).map(([word, code]) => [code, word]));
const CODES: ReadonlySet<number> = new Set(Object.values(ResetCode));

/** The word for a reset code, for events and logs. */
export function resetWord(code: ResetCode): string {
  return WORDS[code] ?? 'internal';
}

/** A code as it came from a neighbour; one that this version does not know counts as `internal`. */
export function resetCodeFrom(code: number): ResetCode {
  return CODES.has(code) ? (code as ResetCode) : ResetCode.internal;
}

const BY_SYSTEM_CODE: Readonly<Record<string, ResetCode>> = {
  ECONNREFUSED: ResetCode.connectionRefused,
  EHOSTUNREACH: ResetCode.hostUnreachable,
  ENETUNREACH: ResetCode.hostUnreachable,
  ENETDOWN: ResetCode.hostUnreachable,
  EHOSTDOWN: ResetCode.hostUnreachable,
  EADDRNOTAVAIL: ResetCode.hostUnreachable,
  EAFNOSUPPORT: ResetCode.hostUnreachable,
  EACCES: ResetCode.refusedByPolicy,
  EPERM: ResetCode.refusedByPolicy,
  ETIMEDOUT: ResetCode.timedOut,
  ETIMEOUT: ResetCode.timedOut,
  ENOTFOUND: ResetCode.nameNotFound,
  ENODATA: ResetCode.nameNotFound,
  EAI_AGAIN: ResetCode.timedOut,
  EMFILE: ResetCode.overloaded,
  ENFILE: ResetCode.overloaded,
  ENOBUFS: ResetCode.overloaded,
  ECONNRESET: ResetCode.cancelled,
  EPIPE: ResetCode.cancelled,
};

/** What a failure of the system (a connect, a look-up, a broken socket) means to whoever asked for the stream. */
export function resetCodeOf(error: unknown): ResetCode {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return BY_SYSTEM_CODE[code] ?? ResetCode.internal;
}
