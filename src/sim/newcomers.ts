import { BYTES_PER_MB } from '../core/units.ts';
import type { Cheat } from './cheat.ts';
import { creditUsed } from './cheats/customer.ts';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

/** One kind of stranger, and what it came to. */
export interface Newcomer {
  readonly name: 'honest newcomer' | 'changes keys';
  /** Keys it came with, each of them a connection made and an account opened. */
  readonly keys: number;
  readonly bytes: number;
  /** Units it was charged, and that reached the seller's purse for good. */
  readonly charged: number;
  readonly paid: number;
}

export interface NewcomersOptions {
  readonly seed: number;
  /** How long both want as much as the link brings. Milliseconds of virtual time. */
  readonly lastsMs: number;
  /** Strangers the seller serves on credit in a day; default as in an empty configuration. */
  readonly newcomersPerDay?: number;
}

const WANT_EVERY_MS = 500;
const WANT_BYTES = 250_000;
const LOOK_MS = 500;
/** A key is of no more use when this part of its credit is spent, or when it got nothing for so many looks. */
const SPENT = 0.95;
const IDLE_LOOKS = 10;

/** Hardly any trade but that of the two, at 22,000 units per MB. */
const SETTINGS = {
  costPerMb: 20_000,
  payAt: 20_000,
  dropAt: 80_000,
  riskAt: 200_000,
  weiPerUnit: 10_000_000_000n,
  tradeEveryMs: 60_000,
  tradeBytes: 1,
} as const;

/** Takes a newcomer's credit, pays nothing, and comes again under a new key: as often as it can. */
function keyChanger(present: (machine: SimNode) => void): Cheat {
  return {
    name: 'changes-keys',
    join({ machine, victims: [seller], secondMachine, every, cheated }) {
      let now = machine;
      let keys = 1;
      let most = 0;
      let idle = 0;
      present(now);
      every(LOOK_MS, () => {
        now.node?.pausePayments(true);
        const used = seller === undefined ? 0 : creditUsed(now, seller);
        idle = used > most ? 0 : idle + 1;
        most = Math.max(most, used);
        if (used < SPENT && idle < IDLE_LOOKS) return;
        now.retired = true;
        now.crash();
        keys += 1;
        most = 0;
        idle = 0;
        now = secondMachine(`key${keys}`);
        present(now);
        cheated();
      });
    },
  };
}

/**
 * A seller with the credit rules of an empty configuration, and two strangers who want the same of it all the time: one
 * pays, the other comes under ever new keys and does not. What each gets, by the seller's own books.
 */
export async function compareNewcomers(options: NewcomersOptions): Promise<readonly Newcomer[]> {
  const keys: SimNode[] = [];
  const cheat = keyChanger((machine) => keys.push(machine));
  const edges = [
    [1, 0],
    [2, 0],
  ] as const;
  const world = new World({ seed: options.seed, nodes: 3, cheats: [cheat], faults: [], edges, settings: SETTINGS });
  const [seller, honest] = world.nodes as [SimNode, SimNode];
  const credit = { ...seller.config.credit, payAtUnits: undefined, dropAtUnits: undefined };
  const newcomersPerDay = options.newcomersPerDay ?? credit.newcomersPerDay;
  seller.config = { ...seller.config, credit: { ...credit, newcomersPerDay } };
  const want = (): void => {
    seller.traffic?.serve(honest.id, WANT_BYTES);
    const present = keys.at(-1);
    if (present !== undefined) seller.traffic?.serve(present.id, WANT_BYTES);
    world.timeline.after(WANT_EVERY_MS, want);
  };
  want();
  world.begin();
  await world.advance(() => world.timeline.nowMs >= options.lastsMs);
  if (world.invariants.broken !== undefined) throw world.invariants.broken;
  return [sumOf(world, 'honest newcomer', [honest]), sumOf(world, 'changes keys', keys)];
}

function sumOf({ chain, nodes, settings }: World, name: Newcomer['name'], keys: readonly SimNode[]): Newcomer {
  const sum = { bytes: 0, charged: 0, paid: 0 };
  const [seller] = nodes as [SimNode];
  const { state } = chain.blocks;
  for (const { id } of keys) {
    const account = seller.accountOf(id);
    sum.bytes += account?.service('transit').providedBytes ?? 0;
    sum.charged += account?.net('provided', 0) ?? 0;
    for (const book of state.books)
      if (book.issuer === id) sum.paid += Number(state.paidOut(book.address, seller.id) / settings.weiPerUnit);
  }
  return { name, keys: keys.length, ...sum };
}

/** What a newcomer got for one key, and for an hour of wanting. Bytes. */
export function perEffort({ bytes, keys }: Newcomer, lastsMs: number): { perKey: number; perHour: number } {
  return { perKey: Math.floor(bytes / keys), perHour: Math.floor((bytes * 3_600_000) / lastsMs) };
}

/** Megabytes with one decimal. */
export function megabytes(bytes: number): string {
  return (bytes / BYTES_PER_MB).toFixed(1);
}
