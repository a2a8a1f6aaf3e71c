import { SERVICES } from '../service.ts';
import type { PerService } from '../session/message.ts';
import type { CutTotals } from '../statement/statement.ts';
import { BYTES_PER_MB } from '../units.ts';
import type { LinkAccount } from './link-account.ts';

type Side = 'provided' | 'consumed';

/** One side of one service: millionths of a unit, and bytes. */
interface Part {
  readonly exact: bigint;
  readonly bytes: number;
}

/**
 * What one end of a link charged at one of the two places of charging, by service: when it sent, or when something
 * arrived. In millionths of a unit, since both places share one remainder. Corrections are in it, so it is good for one
 * connection only.
 */
export interface Half {
  readonly provided: readonly Part[];
  readonly consumed: readonly Part[];
}

const EXACT = BigInt(BYTES_PER_MB);

/** Charged when sending: service given to a buyer, and own traffic sent through the neighbour. */
export function sentHalf(account: LinkAccount): Half {
  return { provided: rest(account, 'provided'), consumed: tally(account, 'consumed') };
}

/** Charged on arrival: a buyer's traffic to be sent on, and service taken. */
export function arrivedHalf(account: LinkAccount): Half {
  return { provided: tally(account, 'provided'), consumed: rest(account, 'consumed') };
}

/** Value moves with packets: who takes one provides it on arrival, who sends one consumes it at sending, always. */
function tally(account: LinkAccount, side: Side): Part[] {
  return SERVICES.map((name, s) => {
    if (name === 'packets') return { exact: BigInt(account.net(side, s)) * EXACT, bytes: 0 };
    const service = account.service(name);
    const { exact, bytes } = side === 'provided' ? service.forwarded : service.used;
    return { exact, bytes };
  });
}

function rest(account: LinkAccount, side: Side): Part[] {
  const tallied = tally(account, side);
  return SERVICES.map((name, s) => {
    const service = account.service(name);
    const remainder = side === 'provided' ? service.providedRemainder : service.consumedRemainder;
    const bytes = side === 'provided' ? service.providedBytes : service.consumedBytes;
    const part = tallied[s] as Part;
    return { exact: BigInt(account.net(side, s)) * EXACT + BigInt(remainder) - part.exact, bytes: bytes - part.bytes };
  });
}

/** Totals at the cut that one end's sending and its arrivals make together: whole units, the rest dropped once. */
export function cutTotals(sent: Half, arrived: Half): CutTotals {
  const units = (side: Side) =>
    three((s) => Number((partOf(sent, side, s).exact + partOf(arrived, side, s).exact) / EXACT));
  const bytes = (side: Side) => three((s) => partOf(sent, side, s).bytes + partOf(arrived, side, s).bytes);
  return {
    provided: units('provided'),
    consumed: units('consumed'),
    providedBytes: bytes('provided'),
    consumedBytes: bytes('consumed'),
  };
}

function partOf(half: Half, side: Side, s: number): Part {
  return half[side][s] as Part;
}

function three(of: (s: number) => number): PerService {
  return [of(0), of(1), of(2)];
}
