import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CostBook } from '../terms/bargain.ts';
import { Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';

function account(bought: (bytes: number, pricePerMb: number) => void): LinkAccount {
  const options = { ledger: new Ledger(), fullRateBytesPerSecond: Number.POSITIVE_INFINITY, epochGraceMs: 1 };
  const made = new LinkAccount({ ...options, neighbour: '0x00000000000000000000000000000000000000aa', enforce: true });
  made.onBought(bought);
  return made;
}

function bytesOf(told: readonly (readonly [bytes: number, pricePerMb: number])[]): number {
  return told.reduce((sum, [bytes]) => sum + bytes, 0);
}

test('purchases at one price are told together: when the price changes, by the megabyte, and with each record', () => {
  const told: (readonly [bytes: number, pricePerMb: number])[] = [];
  const link = account((bytes, pricePerMb) => told.push([bytes, pricePerMb]));
  link.noteUse(10, 5);
  link.noteUse(20, 5);
  assert.deepEqual(told, []);
  link.noteUse(30, 6);
  assert.deepEqual(told.splice(0), [[30, 5]]);
  link.record(0);
  assert.deepEqual(told.splice(0), [[30, 6]]);
  link.record(0);
  for (let i = 0; i < 100; i += 1) link.noteUse(65_536, 7);
  link.record(0);
  assert.ok(told.length < 10);
  assert.equal(bytesOf(told), 6_553_600);
});

test('an allotment of an hour, which stands for 3.6 GB, counts toward what access costs', () => {
  const book = new CostBook(15);
  const link = account((bytes, pricePerMb) => book.bought(bytes, pricePerMb, 0));
  link.noteUse(3_600_000_000, 9);
  link.record(0);
  assert.equal(book.cost({ nowMs: 0 }), 9);
});

test('of a new account nothing waits to be written', () => {
  assert.equal(account(() => undefined).unwritten, false);
});
