import { BrokenRule } from './watch/broken-rule.ts';
import type { World } from './world.ts';

/** Whoever has a channel in trouble looks at it several times in this. */
const ANSWER_MS = 40_000;
/** Between two tries to close what is open. */
const AGAIN_MS = 30_000;
/** Longer than any freeze period here, and than any offer to close holds, which a clock may have dated two hours ahead. */
const FREEZE_MS = 11_500_000;
const LOOK_MS = 1_000;
const CLOSE_MS = 600_000;

/** Are there any? */
export function hasChannels({ chain }: World): boolean {
  return !chain.blocks.state.channels.next().done;
}

/** Is the freeze period of some channel running? */
function channelsClosing({ chain }: World): boolean {
  for (const { closed, closesAtS } of chain.blocks.state.channels) if (!closed && closesAtS !== undefined) return true;
  return false;
}

/**
 * Freeze periods end: everybody has had time to answer, then an hour passes at once, on the chain and on every clock.
 * Clocks that were wrong are right again.
 */
export async function freezePeriodsEnd(world: World): Promise<void> {
  const { chain, coverage, nodes, timeline } = world;
  const answeredMs = timeline.nowMs + ANSWER_MS;
  await world.advance(() => timeline.nowMs >= answeredMs);
  chain.blocks.aheadMs += FREEZE_MS;
  for (const node of nodes) {
    node.wallOffsetMs = chain.blocks.aheadMs;
    if (node.clock !== undefined) node.clock.wallOffsetMs = node.wallOffsetMs;
  }
  coverage.count('channel.freeze-over');
}

/**
 * Every channel of an honest node is closed, by both or by one alone, and pays each honest party the newest total that the
 * other signed to it, as far as the other had it there.
 */
export async function closeChannels(world: World): Promise<void> {
  const { chain, invariants, timeline } = world;
  const untilMs = timeline.nowMs + CLOSE_MS;
  // Who pays on opens more of them meanwhile.
  const present = new Set([...chain.blocks.state.channels].map(({ address }) => address));
  let again = 0;
  // Who waited for a freeze period that is over may not have looked since.
  const due = (): boolean => invariants.openChannels().length > 0 || (again === 0 && channelsClosing(world));
  while (due() && timeline.nowMs < untilMs && invariants.broken === undefined) {
    // The second time around nobody waits for the other.
    for (const [at, { node, peer }] of invariants.openChannels().entries())
      void node.node?.channels?.close(peer, again > 0 || at % 2 === 0).catch(() => undefined);
    timeline.asynchronous();
    again += 1;
    const lookMs = timeline.nowMs + AGAIN_MS;
    await world.advance(() => timeline.nowMs >= lookMs);
    if (channelsClosing(world)) await freezePeriodsEnd(world);
    const restMs = timeline.nowMs + AGAIN_MS;
    await world.advance(() => timeline.nowMs >= restMs || !channelsClosing(world));
  }
  const settledMs = timeline.nowMs + LOOK_MS;
  await world.advance(() => timeline.nowMs >= settledMs);
  const wrong = invariants.unpaidChannels(present);
  if (wrong.length > 0) invariants.broken ??= new BrokenRule('channels-pay', wrong.join('; '));
  chain.audit();
}
