import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { NO_PAYMENTS } from '../core/credit/payment-history.ts';
import type { LinkStatus, NodeStatus } from '../node/node.ts';
import { statusLines } from './status.ts';

const NONE = {
  provided: 0,
  consumed: 0,
  providedBytes: 0,
  consumedBytes: 0,
  askPerMb: undefined,
  theirAskPerMb: undefined,
};
const { dueSinceMs: _, ...paid } = NO_PAYMENTS;
const LINK: LinkStatus = {
  ...{ neighbour: `0x${'cd'.repeat(20)}`, name: 'alice', connected: true, state: 'open', balance: 0, writeOff: 0 },
  ...{ writeOffLeft: 0, fadesPerDay: 0, reserved: 0, payAt: 1, dropAt: 2, theirPayAt: 1, theirDropAt: 2, uncashed: 0 },
  ...{ riskAt: 9, pending: 0, paid: 0, received: 0, paymentsSent: 0, paymentsReceived: 0, roundTripMs: undefined },
  services: { transit: { ...NONE, theirAskPerMb: 11_000, buys: false }, chunks: NONE, packets: NONE },
  credit: {
    ...{ newcomer: 0, earned: 0, kept: 0, why: 'newcomer' },
    history: { ...paid, honoured: 0, kept: 0, overdueMs: 0, compliant: true },
  },
  ...{ paymentsPaused: false, lastFault: undefined, statements: undefined },
};

const TERMINAL = { out: () => {}, err: () => {}, isTty: false, input: new PassThrough(), env: {}, folder: '/' };

function statusOf(link: LinkStatus, costPerMb?: number, mode: NodeStatus['mode'] = 'enforce'): NodeStatus {
  return {
    ...{ schema: 1, id: `0x${'ab'.repeat(20)}`, name: 'bob', mode, uptimeMs: 1, listen: undefined },
    ...{ socks: undefined, httpProxy: undefined, chequebook: undefined, costPerMb, askPerMb: undefined },
    ...{ paymentsPaused: false, streams: 0, links: [link] },
  };
}

function told(link: LinkStatus, costPerMb?: number, mode?: NodeStatus['mode']): string {
  return statusLines(statusOf(link, costPerMb, mode), TERMINAL).join('\n');
}

it('says why a node has no way out although a neighbour sells one', () => {
  const why = /alice: no access is bought from it: it asks 11,000, .*settlement\.enabled/;
  assert.match(told(LINK), why);
  assert.doesNotMatch(told(LINK, 10_000), why, 'it has one');
  assert.doesNotMatch(told({ ...LINK, connected: false }), why);
  const bought = { ...LINK.services, transit: { ...LINK.services.transit, buys: true } };
  assert.doesNotMatch(told({ ...LINK, services: bought }), why);
});

it('says what an observing node would have done about what is owed', () => {
  const owing = (balance: number) => told({ ...LINK, balance, payAt: 1_000, dropAt: 4_000 }, 1, 'observe');
  assert.doesNotMatch(owing(999), /would/);
  assert.match(owing(1_000), /alice: owes 1,000; in enforce mode this node would have it pay$/);
  assert.match(owing(4_000), /would have it pay, and serve it nothing until it does$/);
  assert.doesNotMatch(told({ ...LINK, balance: 5_000, payAt: 1_000, dropAt: 4_000 }, 1), /would/);
});

it('says that nothing is sold where the uplink is dead, and nothing of an uplink otherwise', () => {
  const lines = (uplinkWorks?: boolean) => statusLines({ ...statusOf(LINK), uplinkWorks }, TERMINAL).join('\n');
  assert.match(lines(false), /uplink dead: .* no access is sold/);
  for (const works of [true, undefined]) assert.doesNotMatch(lines(works), /uplink/);
});

it('fits a terminal of 80 columns, with all that a wider one shows', () => {
  const amounts = { paid: 123_456_789, received: 23_456_789, balance: 1_234_567, payAt: 1_000_000, dropAt: 44_000_000 };
  const link = { ...LINK, ...amounts, name: 'a-neighbour-with-quite-a-long-name', lastFault: 'TERMS_WRONG_CHAIN' };
  const addresses = { listen: '0.0.0.0:7847', socks: '127.0.0.1:1080', chequebook: `0x${'ef'.repeat(20)}` };
  const status = { ...statusOf(link), ...addresses };
  const [wide, narrow] = [undefined, 80].map((columns) =>
    statusLines(status, { ...TERMINAL, isTty: columns !== undefined, columns }).map(stripVTControlCharacters),
  );
  assert.ok(wide !== undefined && narrow !== undefined);
  assert.deepEqual(
    narrow.filter((line) => line.length > 80),
    [],
  );
  const words = (lines: readonly string[]) => new Set(lines.join(' ').split(/\s+/));
  assert.deepEqual(words(narrow), words(wide));
  assert.ok(
    wide.some((line) => /^neighbour .* state .* dropAt .* received$/.test(line)),
    'one table where nobody minds',
  );
});
