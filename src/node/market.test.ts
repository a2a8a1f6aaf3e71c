import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import { parseConfig } from './load-config.ts';
import { Market, type MarketOptions } from './market.ts';
import type { Known, Neighbours } from './neighbours.ts';
import { offer } from './offer.ts';

const [SELLER, BUYER, BOOK] = ['5e', 'b0', 'c0'].map((byte) => `0x${byte.repeat(20)}`) as [NodeId, NodeId, NodeId];
const SETTLING = '[settlement]\nenabled = true\nrpc = "http://127.0.0.1:1"\nfactory = "0x' + 'fa'.repeat(20) + '"\n';
const CARRIER = '[transit]\nnext_hop = "auto"\nuplink = false\nmax_price_per_mb = 5000\nmin_profit_bp = 1000\n';
const GATEWAY = '[transit]\nuplink = true\nuplink_price_per_mb = 800\nmin_profit_bp = 2500\n';

/** A neighbour with a real account and a connection, that has said at what it sells and buys. */
function known(id: NodeId, { ask, bid }: { readonly ask: number | undefined; readonly bid: number }): Known {
  const account = new LinkAccount({
    ...{ ledger: new Ledger(), neighbour: id, fullRateBytesPerSecond: 1e6, epochGraceMs: 1000, enforce: true },
  });
  const config = parseConfig('[transit]\nmax_price_per_mb = 9000\n', '/x/wayleave.toml');
  const terms = (facts: Parameters<typeof offer>[2]) => offer(config, undefined, facts, undefined);
  const mine = terms({ askPerMb: 100, bidPerMb: 9_000, chequebook: BOOK });
  account.mine.announce(mine);
  account.mine.acknowledge(mine.epoch, 0);
  const said = terms({ askPerMb: ask, bidPerMb: bid, chequebook: BOOK });
  const { transit } = said.services;
  account.theirs.take({ ...said, services: { ...said.services, transit: { ...transit, bidPerMb: bid } } });
  return { neighbour: { account, id, link: {} }, config: undefined } as unknown as Known;
}

function market(text: string, neighbours: readonly Known[], change: Partial<MarketOptions> = {}) {
  const all = {
    all: () => neighbours,
    get: (id: NodeId) => neighbours.find(({ neighbour }) => neighbour.id === id)?.neighbour,
    configOf: () => undefined,
    offered: () => undefined,
  } as unknown as Neighbours;
  return new Market({
    config: parseConfig(text, '/x/wayleave.toml'),
    clock: { nowMs: () => 0, wallMs: () => 0, after: () => ({ cancel: () => undefined }) },
    free: { left: () => 0 } as never,
    neighbours: () => all,
    settlement: () =>
      ({ methods: ['cheque'], chequebook: undefined, delegation: undefined, channelWith: () => undefined }) as never,
    credits: () => ({ refuses: () => false, earned: () => 7 }) as never,
    ...change,
  });
}

const seller = (ask = 1_000) => known(SELLER, { ask, bid: 0 });
const buyer = (bid = 2_200) => known(BUYER, { ask: undefined, bid });

test('a gateway asks for its uplink and its profit, a carrier for what it paid and its profit', () => {
  const gateway = market(GATEWAY, [buyer()]);
  assert.deepEqual([gateway.costPerMb(), gateway.askPerMb(), gateway.nextHop()], [800, 1_000, 'local']);
  const carrier = market(CARRIER, [seller(), buyer()]);
  assert.deepEqual([carrier.nextHop(), carrier.costPerMb(), carrier.askPerMb()], [SELLER, 1_000, 1_100]);
  carrier.bought(1_000_000, 600);
  assert.deepEqual([carrier.costPerMb(), carrier.askPerMb()], [600, 660]);
  assert.equal(carrier.resaleCostPerMb(), 1_000, 'what is sold from now on is bought at what is asked now');
});

test('who has nothing to sell on asks nothing', () => {
  const alone = market(CARRIER, []);
  assert.deepEqual([alone.nextHop(), alone.costPerMb(), alone.askPerMb()], [undefined, undefined, undefined]);
  assert.equal(alone.resaleCostPerMb(), undefined);
});

test('whoever carries my traffic is not offered to carry it back', () => {
  const carrier = market(CARRIER, [seller(), buyer()]);
  assert.equal(carrier.offerTo(SELLER).askPerMb, undefined);
  assert.equal(carrier.offerTo(BUYER).askPerMb, 1_100);
  assert.ok(carrier.preference(SELLER) > carrier.preference(BUYER));
  assert.equal(carrier.preference(BUYER), -1);
});

test('nothing is offered to who gets no credit, and what was earned is told', () => {
  const credits = () => ({ refuses: (id: NodeId) => id === BUYER, earned: () => 7 }) as never;
  const gateway = market(GATEWAY, [buyer()], { credits });
  assert.deepEqual([gateway.offerTo(BUYER).askPerMb, gateway.offerTo(SELLER).askPerMb], [undefined, 1_000]);
  assert.equal(gateway.offerTo(BUYER).earned, 7);
});

test('without a way to pay it bids nothing; one that can open a channel bids before it has a chequebook', () => {
  const none = market(CARRIER, [seller()]);
  assert.equal(none.offerTo(SELLER).bidPerMb, 0);
  const cheques = market(`${CARRIER}${SETTLING}methods = ["cheque"]\n`, [seller()]);
  assert.equal(cheques.offerTo(SELLER).bidPerMb, 0);
  const channels = market(`${CARRIER}${SETTLING}methods = ["channel", "cheque"]\n`, [seller()]);
  assert.equal(channels.offerTo(SELLER).bidPerMb, 5_000);
  const settlement = () => ({ methods: ['cheque'], chequebook: BOOK, channelWith: () => BUYER }) as never;
  const { bidPerMb, channel, chequebook, methods } = market(CARRIER, [seller()], { settlement }).offerTo(SELLER);
  assert.deepEqual([bidPerMb, channel, chequebook, methods], [5_000, BUYER, BOOK, ['cheque']]);
});

test('what customers bid raises the bid for them, and nobody is a customer for what it sells itself', () => {
  const settlement = () => ({ methods: [], chequebook: BOOK, channelWith: () => undefined }) as never;
  const bid = (neighbours: readonly Known[]) => market(CARRIER, neighbours, { settlement }).offerTo(SELLER).bidPerMb;
  assert.equal(bid([seller(), buyer(9_900)]), 9_000, 'with a profit of a tenth');
  assert.equal(bid([known(SELLER, { ask: 1_000, bid: 9_900 })]), 5_000);
});

test('while something of the free MB is left the ask is 0', () => {
  const left = (bytes: number) => {
    const [text, one] = [`${GATEWAY}[[neighbour]]\naddress = "127.0.0.1:1"\nfree_mb_per_day = 3\n`, buyer()];
    const free = { left: (_: NodeId, provided: number, mb: number) => (provided === 0 && mb === 3 ? bytes : -1) };
    const configOf = () => ({ freeMbPerDay: 3 });
    const all = { all: () => [one], get: () => one.neighbour, configOf } as unknown as Neighbours;
    return market(text, [], { free: free as never, neighbours: () => all }).offerTo(BUYER).askPerMb;
  };
  assert.deepEqual([left(1), left(0)], [0, 1_000]);
});

test('settlement is told the terms of both sides, and those of before where none were exchanged yet', () => {
  const there = market(GATEWAY, [buyer()]);
  const { chequebook, myRatio, riskAt, theirRatio } = there.payerOf(BUYER);
  assert.deepEqual([chequebook, myRatio !== undefined, theirRatio !== undefined, riskAt > 0], [BOOK, true, true, true]);
  const stranger = there.payerOf(SELLER);
  assert.deepEqual([stranger.chequebook, stranger.myRatio, stranger.theirRatio], [undefined, undefined, undefined]);
  const before = offer(parseConfig('', '/x/wayleave.toml'), undefined, { askPerMb: 1, bidPerMb: 0, chequebook: BOOK });
  const all = { all: () => [], get: () => undefined, configOf: () => undefined, offered: () => before };
  const restarted = market(GATEWAY, [], { neighbours: () => all as unknown as Neighbours });
  assert.deepEqual(restarted.payerOf(BUYER).myRatio, before.ratio);
});
