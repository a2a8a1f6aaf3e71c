import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_MS } from '../../link/limits.ts';
import type { Link, LinkEnd } from '../../link/link.ts';
import { Coverage } from '../coverage.ts';
import { Life } from '../life.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { SimNetwork } from './sim-network.ts';
import { SimTransport } from './sim-transport.ts';

const IDS = [`0x${'aa'.repeat(20)}`, `0x${'bb'.repeat(20)}`] as const;

/** Two processes with a link between them, and what each has heard. */
async function pair() {
  const timeline = new Timeline();
  const network = new SimNetwork({ timeline, coverage: new Coverage(), random: new SeededRandom(1) });
  const lives = [new Life(), new Life()] as const;
  const [a, b] = IDS.map((id, at) => {
    const life = lives[at as 0 | 1];
    return new SimTransport({
      network,
      life,
      clock: new VirtualClock({ timeline, life }),
      id,
      key: new Uint8Array(33),
    });
  }) as [SimTransport, SimTransport];
  const heard: [string[], string[]] = [[], []];
  const links: Link[] = [];
  const attach = (link: Link, at: 0 | 1): void => {
    links[at] = link;
    link.attach({
      message: (_, bytes) => heard[at].push(String(bytes[0])),
      opened: () => {},
      granted: () => {},
      closed: ({ by, code }: LinkEnd) => heard[at].push(`${by} ${code}`),
    });
  };
  await b.listen({ host: 'sim', port: 1 }, (link) => attach(link, 1));
  const dialled = a.dial({ host: 'sim', port: 1 }).then((link) => attach(link, 0));
  while (links.length < 2) {
    timeline.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await dialled;
  const run = (ms: number): void => {
    const untilMs = timeline.nowMs + ms;
    while ((timeline.nextAtMs ?? untilMs) < untilMs) timeline.next();
    if (timeline.nowMs < untilMs) timeline.post(untilMs - timeline.nowMs, () => {}, 0);
    while (timeline.nowMs < untilMs && timeline.next()) {}
  };
  const say = (at: 0 | 1, from: number, to: number): void => {
    for (let value = from; value <= to; value += 1) links[at]?.send('control', Uint8Array.of(value));
  };
  return { network, timeline, lives, links, heard, run, say };
}

test('messages arrive in order, after the delay', async () => {
  const { heard, run, say, network } = await pair();
  network.conditions(IDS[0], IDS[1]).jitterMs = 50;
  say(0, 1, 5);
  assert.deepEqual(heard[1], []);
  run(100);
  assert.deepEqual(heard[1], ['1', '2', '3', '4', '5']);
});

test('a broken connection loses a tail and nothing else, and both ends learn it', async () => {
  const { heard, run, say, network } = await pair();
  say(0, 1, 9);
  assert.equal(network.cut(IDS[0], IDS[1]), 1);
  say(0, 10, 10);
  run(100);
  const told = heard[1].slice(0, -1);
  assert.deepEqual(told, ['1', '2', '3', '4', '5', '6', '7', '8', '9'].slice(0, told.length));
  assert.deepEqual([heard[0].at(-1), heard[1].at(-1)], ['fault LINK_LOST', 'fault LINK_LOST']);
});

test('a closed link says its last word after what was sent, and hears nothing more', async () => {
  const { heard, links, run, say } = await pair();
  say(0, 1, 2);
  links[0]?.close('NODE_STOPPING');
  say(1, 7, 7);
  run(100);
  assert.deepEqual(heard[1], ['1', '2', 'remote NODE_STOPPING']);
  assert.deepEqual(heard[0], ['local NODE_STOPPING']);
});

test('a partition delays what heals in time, and is noticed as silence when it lasts', async () => {
  const { heard, run, say, network } = await pair();
  network.block(IDS[0], IDS[1]);
  say(0, 1, 1);
  run(5_000);
  assert.deepEqual(heard[1], []);
  network.heal(IDS[0], IDS[1]);
  run(100);
  assert.deepEqual(heard[1], ['1']);
  network.block(IDS[0], IDS[1]);
  run(SILENT_MS + 100);
  assert.deepEqual(heard[1], ['1', 'fault LINK_SILENT']);
});

test('a process that dies is noticed at once, or as silence where the power failed', async () => {
  const told = await pair();
  told.lives[0].kill();
  told.run(100);
  assert.deepEqual(told.heard, [[], ['fault LINK_LOST']]);
  const silent = await pair();
  silent.links[0]?.watchEnd(() => {});
  silent.network.died(silent.links[0] as never, false);
  silent.run(SILENT_MS + 100);
  assert.deepEqual(silent.heard[1], ['fault LINK_SILENT']);
});

test('mischief says messages twice or out of turn, and loses none', async () => {
  const { heard, run, say, network } = await pair();
  const conditions = network.conditions(IDS[0], IDS[1]);
  conditions.duplicate = 0.5;
  conditions.reorder = 0.5;
  say(0, 1, 60);
  conditions.reorder = 0;
  say(0, 61, 61);
  run(100);
  assert.equal(new Set(heard[1]).size, 61);
  assert.ok(heard[1].length > 61);
  assert.notDeepEqual(
    heard[1].map(Number),
    heard[1].map(Number).toSorted((x, y) => x - y),
  );
});
