import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger, type LinkRow } from '../ledger/ledger.ts';
import { type CarrierLink, CarrierLinks } from './carrier-links.ts';

const TERMS: CarrierLink = { toll: { perPacket: 5, perMb: 0 }, valueAt: 300, peerValueAt: 400, refusalFee: 2 };
const PRIORITY = { sendingPerMb: 1_000_000, receivingPerMb: 3_000_000 };

/** Links that carry value under these terms, each with room for 1,000 units either way. */
function linksOf(...terms: Partial<CarrierLink>[]): { ledger: Ledger; links: CarrierLinks; rows: LinkRow[] } {
  const ledger = new Ledger();
  const links = new CarrierLinks(ledger);
  const rows = terms.map((over) => {
    const row = ledger.addLink();
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) ledger.setLimit(row, column, 1_000);
    links.set(row, { ...TERMS, ...over });
    return row;
  });
  return { ledger, links, rows };
}

/** The most of a value that is let through. */
function most(may: (value: number) => boolean): number {
  let value = -1;
  while (may(value + 1)) value += 1;
  return value;
}

describe('the links of a carrier', () => {
  it('keep the terms of each apart, however many there are', () => {
    const { links, rows } = linksOf(...Array.from({ length: 40 }, (_, n) => ({ refusalFee: n, valueAt: 100 + n })));
    for (const row of rows) {
      assert.deepEqual([links.refusalFee(row), links.valueAt(row), links.isOpen(row)], [row, 100 + row, true]);
      links.set(row, { ...TERMS, surgePerPacket: row });
    }
    assert.deepEqual(
      rows.map((row) => links.surge(row)),
      rows,
    );
  });

  it('carry nothing once they are closed, or before they were ever opened', () => {
    const { ledger, links } = linksOf({});
    links.set(0, undefined);
    const terms = [links.isOpen(0), links.valueAt(0), links.refusalFee(0), links.surge(0), links.toll(0, 0, 1e6)];
    assert.deepEqual(terms, [false, 0, 0, 0, 0]);
    assert.deepEqual([links.mayTake(0, 1), links.maySend(0, 1), links.maySend(0, 0)], [false, false, true]);
    for (let row = 1; row < 20; row += 1) assert.equal(links.isOpen(ledger.addLink()), false);
  });

  it('take the toll of where a packet goes, and what both offer for their place in line', () => {
    const { links } = linksOf({}, { toll: { perPacket: 7, perMb: 2_000_000 } }, { offers: PRIORITY });
    assert.equal(links.toll(0, 1, 10), 7 + 20);
    assert.equal(links.toll(1, 0, 10), 5);
    assert.equal(links.toll(2, 1, 10), 7 + 20 + 10, 'for sending');
    assert.equal(links.toll(1, 2, 10), 5 + 30, 'for receiving');
    assert.deepEqual([links.isOpen(2), links.surge(2)], [true, 0]);
  });

  it('count what waits, on each and on all, and keep counting under other terms', () => {
    const { links } = linksOf({}, {});
    links.queue(0, 150);
    links.queue(1, 50);
    assert.equal(links.queued, 200);
    assert.deepEqual([most((value) => links.maySend(0, value)), most((value) => links.maySend(1, value))], [250, 350]);
    links.set(0, { ...TERMS, peerValueAt: 200 });
    assert.equal(
      most((value) => links.maySend(0, value)),
      50,
    );
    links.queue(0, -150);
    assert.equal(links.queued, 50);
    assert.equal(
      most((value) => links.maySend(0, value)),
      200,
    );
  });

  it('take value on credit up to valueAt, whatever is owed for, and no more than the lease', () => {
    const { ledger, links } = linksOf({});
    const take = () => most((value) => links.mayTake(0, value));
    assert.equal(take(), 300);
    ledger.provided(0, 0, 120);
    assert.equal(take(), 180);
    ledger.received(0, 500, 500);
    assert.equal(take(), 680, 'what was paid ahead');
    ledger.setLimit(0, 'leaseLeft', 30);
    assert.equal(take(), 30);
    ledger.setLimit(0, 'leaseLeft', -1);
    assert.equal(take(), 0, 'what carries nothing is taken');
  });

  it('let a neighbour owe up to a limit, beside service under way and inside dropAt', () => {
    const { ledger, links } = linksOf({});
    const owe = (limit: number) => most((value) => links.mayOwe(0, value, limit));
    assert.deepEqual([owe(70), owe(Number.POSITIVE_INFINITY)], [70, 1_000]);
    ledger.holdProvide(0, 400);
    assert.deepEqual([owe(70), owe(Number.POSITIVE_INFINITY)], [70, 600]);
    ledger.provided(0, 0, 50);
    assert.deepEqual([owe(70), owe(Number.POSITIVE_INFINITY)], [20, 550]);
  });

  it('send as much as the neighbour takes: its limits, what is reserved, and the lease', () => {
    const { ledger, links } = linksOf({}, { peerValueAt: 5_000 });
    const send = (row: LinkRow) => most((value) => links.maySend(row, value));
    assert.deepEqual([send(0), send(1)], [400, 1_000]);
    ledger.consumed(0, 0, 90);
    assert.equal(send(0), 310);
    ledger.holdConsume(1, 250);
    ledger.setLimit(1, 'leaseLeft', 1_000);
    assert.equal(send(1), 750);
    ledger.setLimit(1, 'leaseLeft', 10);
    assert.equal(send(1), 10);
    ledger.setLimit(1, 'leaseLeft', -1);
    assert.equal(send(1), 0, 'what carries nothing needs no room');
    ledger.setLimit(1, 'leaseLeft', 1_000);
    ledger.setLimit(1, 'assumed', 100);
    assert.equal(send(1), 650);
  });
});
