import { closeChannels, freezePeriodsEnd, hasChannels } from './close-channels.ts';
import { BrokenRule } from './watch/broken-rule.ts';
import { oneForOne } from './watch/one-for-one.ts';
import type { World } from './world.ts';

/** How long after the faults everything must have come to rest, and how long cheques may take to be cashed. */
const REST_MS = 400_000;
const CASH_MS = 1_200_000;
const LOOK_MS = 1_000;
/** What was under way at the end arrives before anything is compared. */
const SETTLE_MS = 3_000;
/** Between two demands to cash everything. */
const DEMAND_MS = 30_000;

/**
 * The end of every run: no trade and no faults. Everybody comes back and pays; then both ends of every honest pair must
 * agree (DESIGN §3), and every cheque an honest node holds of another must be worth what it says. A stall is a failure.
 */
export async function comeToRest(world: World): Promise<void> {
  const { invariants } = world;
  world.calm();
  world.packets?.rest();
  const settledMs = world.timeline.nowMs + SETTLE_MS;
  await world.advance(() => world.timeline.nowMs >= settledMs);
  world.workload.rest();
  // What was priced apart there is found by a new connection.
  for (const [a, b] of world.edges) if (oneForOne(a, b)) world.network.cut(a.id, b.id);
  const compare = (): Promise<string[]> =>
    until(world, REST_MS, () => {
      world.workload.rest();
      return invariants.differences();
    });
  // What is pending in a channel that is being closed is decided by its close.
  if (hasChannels(world)) await freezePeriodsEnd(world);
  const apart = await compare();
  if (apart.length > 0) invariants.broken ??= new BrokenRule('books-converge', apart.join('; '));
  let demandMs = 0;
  const unpaid = await until(world, CASH_MS, () => {
    const left = invariants.unpaidCheques();
    if (left.length > 0 && world.timeline.nowMs >= demandMs) {
      demandMs = world.timeline.nowMs + DEMAND_MS;
      for (const { node } of world.nodes) void node?.cashAll().catch(() => undefined);
      world.timeline.asynchronous();
    }
    return left;
  });
  if (unpaid.length > 0) invariants.broken ??= new BrokenRule('cheques-pay', unpaid.join('; '));
  if (invariants.broken === undefined) await closeChannels(world);
  invariants.explainsAll();
  if (invariants.broken === undefined) world.packets?.total();
}

/** Runs on until nothing is left to tell, or for so long; returns what is left. */
async function until(world: World, mostMs: number, left: () => string[]): Promise<string[]> {
  const { invariants, timeline } = world;
  const untilMs = timeline.nowMs + mostMs;
  let told = left();
  while (told.length > 0 && timeline.nowMs < untilMs && invariants.broken === undefined) {
    const lookMs = timeline.nowMs + LOOK_MS;
    await world.advance(() => timeline.nowMs >= lookMs);
    told = left();
  }
  return told;
}
