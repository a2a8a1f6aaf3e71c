import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTerms } from '../core/ledger/account-pair.fixture.ts';
import { carrierLinkOf, type PacketStanding, sameStanding } from './packet-standing.ts';

const mine = plainTerms({ valueAt: 70 });
const theirs = plainTerms({ valueAt: 90, priority: { sendingPerMb: 3, receivingPerMb: 4 } });
const standing: PacketStanding = { mine, theirs, surge: 2 };
const usual = { toll: { perPacket: 5, perMb: 100 }, refusalFee: 6 };

test('the carrier is told each side’s limit, what the neighbour offers, and the toll with its surge', () => {
  assert.deepEqual(carrierLinkOf(standing, usual), {
    toll: { perPacket: 11, perMb: 200 },
    surgePerPacket: 6,
    valueAt: 70,
    peerValueAt: 90,
    refusalFee: 6,
    offers: { sendingPerMb: 3, receivingPerMb: 4 },
  });
});

for (const [what, other] of [
  ['my terms', { ...standing, mine: plainTerms({ valueAt: 71 }) }],
  ['the neighbour’s terms', { ...standing, theirs: plainTerms({ valueAt: 91 }) }],
  ['the surge', { ...standing, surge: 4 }],
  ['that the link closed', undefined],
] as const) {
  test(`it is told anew of ${what}`, () => {
    assert.equal(sameStanding(standing, other), false);
    assert.equal(sameStanding(other, standing), false);
  });
}

test('it is told nothing while all of that stays', () => {
  assert.equal(sameStanding(standing, { ...standing }), true);
  assert.equal(sameStanding(undefined, undefined), true);
});
