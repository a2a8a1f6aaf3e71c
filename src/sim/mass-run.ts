import { codeOf } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import type { MassEnd } from './mass/mass-end.ts';
import type { Nearest } from './mass/mass-laws.ts';
import { MASS_DEFAULTS, type MassSettings, massOptions, massSettings } from './mass/mass-settings.ts';
import { CREDIT_LOOK_MS, MassWorld } from './mass/mass-world.ts';
import { BrokenRule } from './watch/broken-rule.ts';

/** What a run is asked for; the rest is `MASS_USUAL`. */
export type MassRun = Partial<MassSettings>;

/** What stands where nothing is asked for. */
export const MASS_USUAL: MassSettings = MASS_DEFAULTS;

/** What a run came to. */
export interface MassOutcome {
  readonly settings: MassSettings;
  /** Virtual time of trade that passed, milliseconds; events of it; and what it took. */
  readonly virtualMs: number;
  readonly steps: number;
  readonly cpuSeconds: number;
  /** How often each thing happened, by name (`MassCounts`). */
  readonly counts: Readonly<Record<string, number>>;
  /** What came nearest to its limit, of all ends at all moments: exposure to dropAt, and the uncashed to riskAt. */
  readonly exposure: Nearest;
  readonly risk: Nearest;
  readonly freeRiders: FreeRiders;
  readonly broken?: { readonly rule: string; readonly what: string } | undefined;
  /** The command that does it again. */
  readonly replay: string;
  /** Everything else, for who wants to look further. */
  readonly world: MassWorld;
}

/** Those that neither pay nor give: how many, on how many links they owe, on how many they are not served any more, and what they got away with. */
export interface FreeRiders {
  readonly nodes: number;
  readonly owing: number;
  readonly choked: number;
  /** Owed by them, and the sum of what they may owe at the most. Units. */
  readonly lostUnits: number;
  readonly limitUnits: number;
}

export interface MassRunOptions {
  /** Called whenever credit was looked at, with the virtual time that has passed, 0 … 1. */
  readonly progress?: (part: number, world: MassWorld) => void;
}

/** Runs a world of many nodes to its end, with every law looked at after every step. Throws `MASS_INVALID`. */
export function runMass(run: MassRun, options: MassRunOptions = {}): MassOutcome {
  const settings = massSettings(run);
  const before = process.cpuUsage();
  const world = new MassWorld(settings);
  const broken = brokenBy(() => {
    world.begin();
    for (const endMs = settings.seconds * 1_000; world.nowMs < endMs; ) {
      world.advance(Math.min(endMs, world.nowMs + CREDIT_LOOK_MS));
      options.progress?.(world.nowMs / endMs, world);
    }
    world.rest();
  });
  const { user, system } = process.cpuUsage(before);
  const { counts, laws, nowMs: virtualMs, steps } = world;
  return {
    settings,
    virtualMs,
    steps,
    cpuSeconds: (user + system) / 1e6,
    counts: { ...counts },
    exposure: laws.exposure,
    risk: laws.risk,
    freeRiders: freeRidersOf(world),
    broken,
    replay: `wayleave sim mass ${massOptions(settings)}`,
    world,
  };
}

/** A law that is broken ends the run, and so does a rule of core that finds its own books broken, or any other error. */
function brokenBy(act: () => void): MassOutcome['broken'] {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof BrokenRule) return { rule: error.rule, what: error.message };
    const rule = codeOf(error) === 'INVARIANT_BROKEN' ? 'books-halted' : 'no-exception';
    return { rule, what: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function freeRidersOf({ ends, nodes }: MassWorld): FreeRiders {
  const sum = { nodes: nodes.filter(({ freeRider }) => freeRider).length, owing: 0, choked: 0 };
  let [lostUnits, limitUnits] = [0, 0];
  for (const end of ends) {
    if (!end.other.node.freeRider) continue;
    const owed = cell(end, Column.balance);
    const state = end.account.state();
    sum.owing += owed > 0 ? 1 : 0;
    sum.choked += state === 'choked' || state === 'closed' ? 1 : 0;
    lostUnits += Math.max(0, owed);
    limitUnits += end.truth.mostGranted;
  }
  return { ...sum, lostUnits, limitUnits };
}

/** One link at the end, from its first node. Units. */
export interface MassLinkOutcome {
  readonly a: string;
  readonly b: string;
  readonly balance: number;
  readonly provided: number;
  readonly consumed: number;
  readonly paid: number;
  readonly received: number;
  readonly writeOff: number;
  readonly stateOfB: string;
}

/** All links of a world as they stand. */
export function massLinks({ links }: MassWorld): MassLinkOutcome[] {
  return links
    .map(({ a }) => a)
    .map((end) => ({
      a: end.node.name,
      b: end.other.node.name,
      balance: cell(end, Column.balance),
      provided: cell(end, Column.provided),
      consumed: cell(end, Column.consumed),
      paid: cell(end, Column.paid),
      received: cell(end, Column.received),
      writeOff: end.account.ledger.writeOff(end.account.row),
      stateOfB: end.account.state(),
    }));
}

/** What each node came to: sold, bought, and what it paid and was paid. Units. */
export function massNodes({ nodes }: MassWorld): object[] {
  return nodes.map(({ askPerMb, ends, freeRider, name }) => {
    const sum = (column: number) => ends.reduce((all, end) => all + cell(end, column), 0);
    const [provided, consumed] = [sum(Column.provided), sum(Column.consumed)];
    return { name, freeRider, askPerMb, provided, consumed, paid: sum(Column.paid), received: sum(Column.received) };
  });
}

function cell({ account }: MassEnd, column: number): number {
  return account.ledger.get(account.row, column);
}
