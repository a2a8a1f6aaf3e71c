import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkStatus, NodeEvent, NodeStatus } from '../node/node.ts';
import { Figures } from './link-figures.ts';
import { scenarioNamed } from './scenario.ts';

const names = new Map(['A', 'B', 'C', 'D', 'E'].map((name) => [`0x${name}`, name]));
const figures = (): Figures => new Figures(scenarioNamed('neighbourhood'), names);
const event = (kind: NodeEvent['kind'], neighbour: string, facts: object = {}): NodeEvent => ({
  ...{ kind, atMs: 0, neighbour: `0x${neighbour}` },
  ...facts,
});
const find = (from: Figures, a: string, b: string) => from.links.find((each) => each.a === a && each.b === b);

const status = (neighbour: string, link: Partial<LinkStatus>): NodeStatus => {
  const service = {
    askPerMb: 11_132,
    theirAskPerMb: undefined,
    provided: 0,
    consumed: 0,
    providedBytes: 7,
    consumedBytes: 2,
  };
  const services = { transit: service, chunks: service, packets: service };
  return { links: [{ neighbour: `0x${neighbour}`, services, ...link }] } as unknown as NodeStatus;
};

describe('the figures on the screen', () => {
  it('come from the seller, payments from the buyer', () => {
    const seen = figures();
    seen.status(
      'C',
      status('D', { connected: true, balance: 50, payAt: 10, dropAt: 40, state: 'choked', paymentsSent: 9 }),
    );
    seen.status(
      'D',
      status('C', { connected: false, balance: -50, payAt: 1, dropAt: 2, state: 'open', paymentsSent: 3 }),
    );
    assert.deepEqual(find(seen, 'C', 'D'), {
      ...{ a: 'C', b: 'D', connected: true, pricePerMb: 11_132, bytes: 9, debt: 50, payAt: 10, dropAt: 40 },
      ...{ state: 'choked', sent: 3, cashed: 0 },
    });
  });

  it('follow the events in between', () => {
    const seen = figures();
    seen.event('C', event('linkUp', 'D'));
    seen.event('C', event('terms', 'D', { askPerMb: 11_132, payAt: 11_132, dropAt: 44_528 }));
    seen.event('C', event('charged', 'D', { balance: 700, providedBytes: 60_000, consumedBytes: 40 }));
    seen.event('C', event('state', 'D', { from: 'open', to: 'throttled' }));
    seen.event('D', event('paying', 'C', { id: 1, amount: 700 }));
    seen.event('C', event('cashed', 'D'));
    assert.deepEqual(find(seen, 'C', 'D'), {
      ...{ a: 'C', b: 'D', connected: true, pricePerMb: 11_132, bytes: 60_040, debt: 700, payAt: 11_132 },
      ...{ dropAt: 44_528, state: 'throttled', sent: 1, cashed: 1 },
    });
    seen.event('C', event('linkDown', 'D'));
    assert.equal(find(seen, 'C', 'D')?.connected, false);
  });

  it('are not moved by what they do not know', () => {
    const seen = figures();
    const before = JSON.stringify(seen.links);
    seen.event('C', event('charged', 'X', { balance: 5 }));
    seen.event('A', event('charged', 'D', { balance: 5 }));
    seen.event('C', event('state', 'D', { to: 'nonsense' }));
    seen.event('C', { kind: 'started', atMs: 0 });
    seen.status('C', status('X', {}));
    assert.equal(JSON.stringify(seen.links), before);
  });
});
