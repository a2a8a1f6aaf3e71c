import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROMPT_MS } from '../core/credit/payment-history.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import { parseConfig } from './load-config.ts';
import type { Known } from './neighbours.ts';
import { offer } from './offer.ts';
import { PaymentHistories } from './payment-histories.ts';

const ID = `0x${'b0'.repeat(20)}`;

/** A neighbour with a real account, whose debt is what the test says. */
function customer() {
  const ledger = new Ledger();
  const account = new LinkAccount({
    ledger,
    neighbour: ID,
    fullRateBytesPerSecond: 1e6,
    epochGraceMs: 1000,
    enforce: true,
  });
  const config = parseConfig('[credit]\npay_at_units = 100\ndrop_at_units = 1000\n', '/x/wayleave.toml');
  const facts = { askPerMb: 10, bidPerMb: 0, chequebook: undefined };
  account.mine.announce(offer(config, undefined, facts, undefined));
  const known = { neighbour: { account, id: ID }, config: undefined } as unknown as Known;
  return {
    known,
    owes: (units: number) => ledger.provided(account.row, 0, units),
    paid: (units: number) => ledger.received(account.row, units, units),
  };
}

test('what happens with a neighbour becomes its history, and outlives the node', () => {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, wallMs: () => nowMs, after: () => ({ cancel: () => {} }) };
  const histories = new PaymentHistories(clock, []);
  const { known, owes, paid } = customer();
  assert.equal(histories.heard('charged', known, ''), 'nothing');
  owes(100);
  assert.equal(histories.heard('charged', known, ''), 'later');
  nowMs += PROMPT_MS + 5_000;
  assert.equal(histories.view(ID).overdueMs, PROMPT_MS + 5_000);
  paid(100);
  assert.equal(histories.heard('received', known, ''), 'later');
  const { compliant, late, overdueMs, payments } = histories.view(ID);
  assert.deepEqual([compliant, late, overdueMs, payments], [true, 1, 0, 1], 'it was late, and healed by paying');
  assert.equal(histories.heard('bounced', known, ''), 'now', 'a bounce is not left to the next write');
  // The cheques it sends after that are refused for the same reason: they are no more bounces.
  histories.heard('refused', known, '');
  assert.equal(histories.heard('verdict', known, 'CHEQUE_BOUNCED'), 'nothing');
  assert.equal(histories.heard('verdict', known, 'CHEQUE_FORGED'), 'now');
  owes(200);
  histories.heard('charged', known, '');
  const again = new PaymentHistories(clock, [histories.record(ID), { kind: 'note', name: 'payments:x', text: '{' }]);
  const { dueSinceMs, ...rest } = histories.of(ID);
  assert.ok(dueSinceMs > 0);
  assert.deepEqual(again.of(ID), { ...rest, dueSinceMs: 0 }, 'while this node is away nobody is late');
  assert.deepEqual([again.view(ID).bounces, again.view(ID).forgeries, again.view(ID).compliant], [1, 1, false]);
});
