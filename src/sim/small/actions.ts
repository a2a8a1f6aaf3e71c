import type { Budget, Scenario } from './scenario.ts';
import { settle } from './settle.ts';
import { CLASSES, mayArrive } from './small-link.ts';
import type { SmallWorld } from './small-world.ts';

/** What may still happen, counted down. */
export interface Left {
  readonly serves: [number, number];
  readonly grants: [number, number];
  readonly prices: [number, number];
  readonly steps: [number, number];
  cuts: number;
  crashes: number;
  refusals: number;
  mined: number;
  repeats: number;
  restores: number;
}

/** A fresh count. */
export function budgetOf(budget: Budget): Left {
  const { serves, grants, prices, steps } = budget;
  return { ...budget, serves: [...serves], grants: [...grants], prices: [...prices], steps: [steps, steps] };
}

/** The counts in a row, for telling states apart. */
export function leftValues(left: Left): readonly number[] {
  const { serves, grants, prices, steps, cuts, crashes, refusals, mined, repeats, restores } = left;
  return [...serves, ...grants, ...prices, ...steps, cuts, crashes, refusals, mined, repeats, restores];
}

/** One kind of step of a small world. */
export interface Action {
  readonly name: string;
  /** Set where it touches one node, and what is on its way, only at this node's end. */
  readonly only?: 0 | 1;
  readonly able: (world: SmallWorld, left: Left) => boolean;
  readonly act: (world: SmallWorld, left: Left) => void | Promise<void>;
}

const LOOK_MS = 2;
const JOURNAL_MS = 50;
/** A crash leaves none of the writes under way durable, or the first, or the first two. */
const KEPT = [0, 1, 2] as const;

function tradesOf(who: 0 | 1): Action[] {
  return [
    {
      name: `serve ${who}`,
      only: who,
      able: ({ nodes }, left) =>
        left.serves[who] > 0 && nodes[who].link !== undefined && nodes[who].account.door('transit').ready,
      act: (world, left) => {
        left.serves[who] -= 1;
        world.serve(who);
      },
    },
    {
      name: `grant ${who}`,
      only: who,
      able: ({ nodes }, left) =>
        left.grants[who] > 0 && nodes[who].link !== undefined && nodes[who].account.door('transit').ready,
      act: (world, left) => {
        left.grants[who] -= 1;
        world.grant(who);
      },
    },
    {
      name: `use ${who}`,
      only: who,
      able: ({ nodes }) => nodes[who].credit > 0 && nodes[who].account.door('transit').ready,
      act: (world) => world.use(who),
    },
    {
      name: `reprice ${who}`,
      only: who,
      able: ({ scenario, nodes }, left) =>
        left.prices[who] > 0 && nodes[who].price + 1 < (scenario.asks[who]?.length ?? 0),
      act: (world, left) => {
        left.prices[who] -= 1;
        world.nodes[who].reprice();
      },
    },
    {
      name: `payment again reaches ${who}`,
      able: ({ nodes, paid }, left) => left.repeats > 0 && nodes[who].link !== undefined && paid[who] !== undefined,
      act: (world, left) => {
        left.repeats -= 1;
        world.repeat(who);
      },
    },
    ...CLASSES.map(
      (kind): Action => ({
        name: `${kind} reaches ${who}`,
        only: who,
        able: ({ nodes, toward }) => nodes[who].link !== undefined && mayArrive(toward[who], kind),
        act: (world) => world.deliver(who, kind),
      }),
    ),
  ];
}

function machineOf(who: 0 | 1): Action[] {
  return [
    {
      name: `write done ${who}`,
      only: who,
      able: ({ nodes }) => nodes[who].disk.waiting.length > 0,
      act: ({ nodes }) => nodes[who].disk.durable(),
    },
    {
      name: `write refused ${who}`,
      able: ({ nodes }, left) => left.refusals > 0 && nodes[who].disk.waiting.length > 0,
      act: ({ nodes }, left) => {
        left.refusals -= 1;
        nodes[who].disk.refuse();
      },
    },
    {
      name: `look ${who}`,
      only: who,
      able: ({ nodes }) => nodes[who].clock.waits(LOOK_MS),
      act: ({ nodes }) => nodes[who].clock.fire(LOOK_MS),
    },
    {
      name: `journal ${who}`,
      only: who,
      able: ({ nodes }) => nodes[who].clock.waits(JOURNAL_MS),
      act: ({ nodes }) => nodes[who].clock.fire(JOURNAL_MS),
    },
    {
      name: `time ${who}`,
      only: who,
      able: (_world, left) => left.steps[who] > 0,
      act: ({ nodes }, left) => {
        left.steps[who] -= 1;
        nodes[who].clock.step();
      },
    },
    {
      name: `cut ${who}`,
      // The second end only finds out what happened already.
      able: ({ nodes, connected }, left) => nodes[who].link !== undefined && (!connected || left.cuts > 0),
      act: (world, left) => {
        if (world.connected) left.cuts -= 1;
        world.cut(who);
      },
    },
    ...KEPT.map(
      (kept): Action => ({
        name: `crash ${who} kept ${kept}`,
        able: ({ nodes }, left) => left.crashes > 0 && nodes[who].disk.waiting.length >= kept,
        act: (world, left) => {
          left.crashes -= 1;
          world.crash(who, kept);
        },
      }),
    ),
  ];
}

function copiesOf(who: 0 | 1): Action[] {
  return [
    {
      name: `copy ${who}`,
      only: who,
      able: ({ nodes }, left) => left.restores > 0 && !nodes[who].disk.copied,
      act: ({ nodes }) => nodes[who].disk.copy(),
    },
    {
      name: `restore ${who}`,
      able: ({ nodes }, left) => left.restores > 0 && nodes[who].disk.copied,
      act: (world, left) => {
        left.restores -= 1;
        world.restore(who);
      },
    },
  ];
}

/** Every action, by number. */
export const ACTIONS: readonly Action[] = [
  ...tradesOf(0),
  ...tradesOf(1),
  ...machineOf(0),
  ...machineOf(1),
  ...copiesOf(0),
  ...copiesOf(1),
  {
    name: 'connect',
    able: ({ connected }) => !connected,
    act: (world) => world.connect(),
  },
  {
    name: 'mined',
    able: ({ chain }, left) => left.mined > 0 && (chain?.waiting.length ?? 0) > 0,
    act: ({ chain }, left) => {
      left.mined -= 1;
      chain?.mine();
    },
  },
  // No action of its own, but many in their natural order: so that a short history can hold a whole life.
  { name: 'settle', able: ({ scenario }) => scenario.budget.settles, act: settle },
];

/**
 * Two actions that come to the same in either order, where both were possible before: each touches another node, takes
 * only what was on its way already, and neither ends the connection. A chain or a refused write would join them.
 */
export function commute(scenario: Scenario, one: number, other: number): boolean {
  if (scenario.cashing || scenario.unread === true || scenario.budget.refusals > 0) return false;
  const [a, b] = [ACTIONS[one]?.only, ACTIONS[other]?.only];
  return a !== undefined && b !== undefined && a !== b;
}
