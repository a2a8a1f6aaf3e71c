import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readyAccount } from '../core/ledger/account-pair.fixture.ts';
import { HandClock } from '../packets/packet-line.fixture.ts';
import { PacketPrepayments } from './packet-prepayments.ts';

/** Who pays up to 500 units ahead, and what it paid. */
function payer(mostUnits = 500) {
  const clock = new HandClock();
  const paid: number[] = [];
  const payAhead = (_neighbour: string, units: number): void => void paid.push(units);
  return { clock, paid, prepayments: new PacketPrepayments({ clock, mostUnits, payAhead }) };
}

/** Whether a wait is over; asked after all that could end it by then. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

describe('what is paid ahead for packets', () => {
  it('is one payment for all that are short at once, and another one for those that are later', () => {
    const { clock, paid, prepayments } = payer();
    const [one, other] = [readyAccount(), readyAccount()];
    prepayments.soon(one);
    prepayments.soon(one);
    prepayments.soon(other);
    assert.deepEqual(paid, []);
    clock.pass(10);
    assert.deepEqual(paid, [500, 500], 'to each neighbour');
    prepayments.soon(one);
    clock.pass(10);
    assert.equal(paid.length, 3);
  });

  it('is less by what the neighbour owes, is not more by what is owed to it, and nothing where it owes as much', () => {
    const { clock, paid, prepayments } = payer();
    const account = readyAccount();
    const { ledger, row } = account;
    const pays = (): number | undefined => {
      prepayments.soon(account);
      clock.pass(10);
      return paid.pop();
    };
    ledger.provided(row, 0, 200);
    assert.equal(pays(), 300);
    ledger.provided(row, 0, 299);
    assert.equal(pays(), 1);
    ledger.provided(row, 0, 1);
    assert.equal(pays(), undefined);
    ledger.consumed(row, 0, 900);
    assert.equal(pays(), 500);
  });

  it('is nothing where the operator allows none, and nobody waits for it', async () => {
    const { clock, paid, prepayments } = payer(0);
    assert.ok(await isOver(prepayments.paid(readyAccount(), () => false, 1_000)));
    prepayments.soon(readyAccount());
    clock.pass(1_000);
    assert.deepEqual(paid, []);
  });

  it('is not waited for by what fits already', async () => {
    const { clock, paid, prepayments } = payer();
    assert.ok(await isOver(prepayments.paid(readyAccount(), () => true, 1_000)));
    clock.pass(1_000);
    assert.deepEqual(paid, []);
  });

  it('is waited for until the packet fits', async () => {
    const { clock, paid, prepayments } = payer();
    const account = readyAccount();
    let fits = false;
    const wait = prepayments.paid(account, () => fits, 1_000);
    clock.pass(10);
    assert.deepEqual(paid, [500]);
    account.changed();
    assert.equal(await isOver(wait), false, 'something else changed');
    fits = true;
    assert.equal(await isOver(wait), false, 'nothing changed');
    account.changed();
    assert.ok(await isOver(wait));
  });

  it('is waited for no longer than the packet may wait, and watched for no longer', async () => {
    const { clock, prepayments } = payer();
    const account = readyAccount();
    let asked = 0;
    const wait = prepayments.paid(account, () => (asked += 1) < 0, 1_000);
    clock.pass(999);
    assert.equal(await isOver(wait), false);
    clock.pass(1);
    assert.ok(await isOver(wait));
    const before = asked;
    account.changed();
    assert.equal(asked, before);
  });
});
