import { brokenRest } from './laws.ts';
import { CLASSES, mayArrive } from './small-link.ts';
import type { SmallWorld } from './small-world.ts';

const LOOK_MS = 2;
const JOURNAL_MS = 50;
/** More rounds than any history here needs; one that needs more goes round in circles. */
const MOST_ROUNDS = 400;
/** Above every interval after which something is tried again. Milliseconds. */
const LONG_MS = 11_000;

/** Lets everything happen that is under way, with no further fault, until two long waits bring nothing more. */
export async function settle(world: SmallWorld): Promise<void> {
  world.ghost.chainAnswers = true;
  let rounds = 0;
  for (let idle = 0; idle < 2; idle += 1) {
    while (await moved(world)) {
      idle = 0;
      rounds += 1;
      if (rounds <= MOST_ROUNDS) continue;
      world.ghost.broken ??= 'the two never come to rest';
      return;
    }
    for (const { clock } of world.nodes) clock.step(LONG_MS);
    await world.quiet();
  }
  while (await moved(world)) rounds += 1;
  world.ghost.broken ??= brokenRest(world);
}

/** One thing of each kind, where there is one. */
export async function moved(world: SmallWorld): Promise<boolean> {
  let any = false;
  const act = (happen: () => void): Promise<void> | undefined => {
    any = true;
    happen();
    return world.restless ? world.quiet() : undefined;
  };
  if (!world.connected && !world.nodes.some(({ account }) => account.banned)) await act(() => world.connect());
  for (const { who, disk, clock, link } of world.nodes) {
    if (disk.waiting.length > 0) await act(() => disk.durable());
    for (const kind of CLASSES) {
      if (link === undefined || !mayArrive(world.toward[who], kind)) continue;
      const quiet = act(() => world.deliver(who, kind));
      if (quiet !== undefined) await quiet;
    }
    for (const delayMs of [LOOK_MS, JOURNAL_MS]) if (clock.waits(delayMs)) await act(() => clock.fire(delayMs));
  }
  if ((world.chain?.waiting.length ?? 0) > 0) await act(() => world.chain?.mine());
  return any;
}
