import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PaymentMethod } from '../core/terms/terms.ts';
import { CHEATS } from './cheats.ts';
import { Coverage } from './coverage.ts';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';
import { TOKEN_METHODS, type WorldSettings } from './world-settings.ts';

const STEPS = 5_000;

/** Honest nodes that pay by these methods, under all faults; every rule holds. */
async function run(
  methods: readonly PaymentMethod[],
  seeds: readonly number[],
  token?: WorldSettings['token'],
): Promise<Coverage> {
  const happened = new Coverage();
  for (const seed of seeds) {
    const settings = { methods, token, blockMs: [250, 1_000, 2_000][seed % 3] as number };
    const world = new World({ seed, nodes: 3, cheats: [], settings });
    const { broken, coverage } = await world.run(STEPS);
    assert.equal(broken?.message, undefined, `${methods.join(' ')}, seed ${seed}`);
    happened.add(coverage);
  }
  return happened;
}

function demand(happened: Coverage, names: readonly string[]): void {
  for (const name of names) assert.ok(happened.of(name) > 0, `${name} never happened`);
}

describe('methods of payment under faults', () => {
  test('transfers count after k confirmations, once', async () => {
    demand(await run(['transfer'], [3, 4, 6]), ['method.transfer', 'fault.reorganisation']);
  });

  // 11: a payment in a channel that its receiver never had read; 18: an offer to close that a wrong clock dated far ahead.
  test('channels are opened, topped up, taken from, closed by both or by one, and pay the newest total', async () => {
    const seen = ['method.channel', 'channel.opened', 'channel.toppedUp', 'channel.answered', 'channel.closed'];
    demand(await run(['channel'], [5, 11, 18]), [...seen, 'operator.withdrew']);
  });

  // 5: a transfer under way when its method was taken out of the list.
  test('methods are switched while payments are under way', async () => {
    const seen = ['method.cheque', 'method.channel', 'method.transfer', 'operator.switched'];
    demand(await run(TOKEN_METHODS, [3, 5, 7]), seen);
  });
});

describe('a token', () => {
  const inToken = async (methods: readonly PaymentMethod[], feeBp: number, seeds: readonly number[]) =>
    await run(methods, seeds, { feeBp });

  // 3, 6: a payer that started again, and one that was answered, before it knew that the token had kept a part.
  test('that keeps a part, reverts and refuses: transfers count as far as they arrive', async () => {
    demand(await inToken(['transfer'], 300, [3, 6]), ['method.transfer', 'token.kept', 'token.refused']);
  });

  test('that reverts and refuses: what a channel could not pay out is claimed when it moves again', async () => {
    const seen = ['token.reverted', 'token.refused', 'channel.claimed', 'channel.closed'];
    demand(await inToken(['channel'], 0, [2, 8]), seen);
  });

  test('that reverts and refuses: cheques are cashed when it moves again', async () => {
    demand(await inToken(['cheque'], 30, [2, 3]), ['event.cashed', 'token.kept']);
  });
});

describe('a method that its operator gives up', () => {
  test('is still taken from a neighbour whose first transfer was under way', async () => {
    const settings = {
      methods: ['cheque', 'transfer'],
      blockMs: 2_000,
      confirmations: 4,
      tradeEveryMs: 30,
      payAt: 100,
    } as const;
    const paying: string[] = [];
    const log = (_: number, line: string): void => {
      if (/^[AB] paying .* method transfer/.test(line)) paying.push(line.slice(0, 1));
    };
    const world = new World({ seed: 3, nodes: 2, cheats: [], faults: [], settings, log });
    for (const node of world.nodes) withMethods(node, ['transfer', 'barter']);
    world.begin();
    const { invariants, nodes, timeline } = world;
    await world.advance(() => paying.length > 0);
    const payee = nodes.find(({ name }) => name !== paying[0]) as SimNode;
    withMethods(payee, ['cheque', 'barter']);
    // Nothing is in a block yet.
    assert.equal(world.chain.blocks.state.paymentsTo(payee.id).length, 0);
    void payee.stop();
    world.calm();
    world.workload.rest();
    const restMs = timeline.nowMs + 90_000;
    await world.advance(() => timeline.nowMs >= restMs);
    assert.deepEqual([invariants.broken?.message, invariants.differences()], [undefined, []]);
    assert.ok(world.coverage.of('method.transfer') > 0);
  });
});

function withMethods(node: SimNode, methods: readonly PaymentMethod[]): void {
  node.config = { ...node.config, settlement: { ...node.config.settlement, methods } };
}

describe('a payment that was in a block', () => {
  test('and fails on the branch that won is paid once more, when no other branch can win', async () => {
    const settings = { methods: ['transfer'], blockMs: 500, confirmations: 8, tradeEveryMs: 30, payAt: 100 } as const;
    const world = new World({ seed: 2, nodes: 2, cheats: [], faults: [], settings });
    world.begin();
    const { chain, coverage, invariants, nodes } = world;
    const paid = (): number => nodes.reduce((sum, { id }) => sum + chain.blocks.state.paymentsTo(id).length, 0);
    await world.advance(() => paid() > 0);
    // The payer has seen that it is mined.
    const seenMs = world.timeline.nowMs + 2_600;
    await world.advance(() => world.timeline.nowMs >= seenMs);
    chain.blocks.revertNext = 1;
    chain.blocks.reorganise(7);
    await world.advance(() => coverage.of('method.transfer') > 0 || world.timeline.nowMs > 300_000);
    assert.equal(invariants.broken?.message, undefined);
    demand(coverage, ['chain.reverted', 'chain.reorganised', 'method.transfer']);
  });
});

describe('a channel that a reorganisation took back', () => {
  // Nobody pays in it again: one end alone has money there, and the other closes it with an old total.
  test('is found when it is mined again, and its close is answered', async () => {
    const cheats = CHEATS.filter(({ name }) => name === 'closes-old-state');
    const world = new World({ seed: 88_016, nodes: 4, cheats, without: new Set([2]) });
    const { broken, coverage } = await world.run(4_000);
    assert.equal(broken?.message, undefined);
    demand(coverage, ['chain.reorganised', 'channel.answered', 'channel.closed']);
  });
});

describe('a close that was signed', () => {
  test('binds both ends also after a restart: nothing is paid in the channel until it has lapsed', async () => {
    const world = new World({
      seed: 35_300_033,
      nodes: 3,
      cheats: [],
      settings: { methods: ['channel'], blockMs: 2_000 },
    });
    const { broken } = await world.run(4_000);
    assert.equal(broken?.message, undefined);
  });
});

describe('a reorganisation deeper than the confirmations asked for', () => {
  test('takes a payment back from its receiver, which is paid for once when it is mined again', async () => {
    const settings = { methods: ['transfer'], blockMs: 500, confirmations: 3, tradeEveryMs: 30, payAt: 100 } as const;
    const world = new World({ seed: 2, nodes: 2, cheats: [], faults: [], settings });
    world.begin();
    const { coverage, invariants, timeline } = world;
    await world.advance(() => coverage.of('method.transfer') > 0);
    world.chain.blocks.reorganise(10, 1);
    const untilMs = timeline.nowMs + 60_000;
    await world.advance(() => timeline.nowMs >= untilMs);
    assert.equal(invariants.broken?.message, undefined);
    demand(coverage, ['event.undone']);
    world.calm();
    world.workload.rest();
    const restMs = timeline.nowMs + 60_000;
    await world.advance(() => timeline.nowMs >= restMs);
    assert.deepEqual([invariants.broken?.message, invariants.differences()], [undefined, []]);
  });
});
