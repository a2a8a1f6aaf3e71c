import type { StoreRecord } from '../../store/store.ts';
import { Fingerprint } from './fingerprint.ts';
import { CLASSES, type Flight } from './small-link.ts';
import { CHEQUEBOOKS, type SmallNode } from './small-node.ts';
import type { SmallWorld } from './small-world.ts';

const COLUMNS = 24;

/** Everything that decides what can happen in a world from here on, and what the laws will say of it. */
export function fingerprintOf(world: SmallWorld, left: readonly number[]): Fingerprint {
  const print = new Fingerprint();
  for (const value of left) print.number(value);
  for (const value of world.ghost.values) print.number(value);
  print.number(world.connected ? 1 : 0);
  for (const node of world.nodes) printNode(print, node);
  for (const flight of world.toward) printFlight(print, flight);
  if (world.chain !== undefined) {
    for (const { transaction } of world.chain.waiting) print.text(transaction);
    for (const chequebook of CHEQUEBOOKS) print.value(world.chain.paidWei(chequebook));
  }
  return print;
}

function printNode(print: Fingerprint, node: SmallNode): void {
  const { account, neighbour, journal, disk, clock } = node;
  const nowMs = clock.nowMs();
  for (let column = 0; column < COLUMNS; column += 1) print.number(account.ledger.get(account.row, column));
  for (const value of neighbour.session.standing(nowMs)) print.value(value);
  for (const units of account.counts.admitted) print.number(units);
  print.number(account.lease.unkept);
  const service = account.service('transit');
  for (const value of [service.providedRemainder, service.consumedRemainder, node.credit, node.price, node.lives])
    print.number(value);
  const epochs = [account.mine.newest, account.mine.acknowledged, account.theirs.newest].map((each) => each?.epoch);
  for (const value of [...epochs, account.ready, account.banned, node.link === undefined]) print.value(value);
  for (const effect of neighbour.queued) print.text(effect.kind);
  for (const delay of [...clock.delays].sort((a, b) => a - b)) print.number(delay);
  const { charged, owed } = journal.unwritten(account);
  print.value(charged);
  printRecords(print, owed);
  printRecords(print, disk.rows());
  for (const { records } of disk.waiting) printRecords(print, records);
  for (const code of node.complaints) print.text(code);
}

function printRecords(print: Fingerprint, records: Iterable<StoreRecord>): void {
  for (const record of records) printRecord(print, record);
  print.number(-1);
}

/** What a record decides after a restart; not when it was written, nor what was counted for people only. */
function printRecord(print: Fingerprint, record: StoreRecord): void {
  switch (record.kind) {
    case 'link': {
      const { provided, consumed, providedRemainder, consumedRemainder } = record;
      for (const value of [provided[0], consumed[0], providedRemainder[0], consumedRemainder[0]]) print.number(value);
      const { providedCorrection, consumedCorrection, paid, received, lease } = record;
      for (const value of [providedCorrection[0], consumedCorrection[0], paid, received, lease]) print.number(value);
      return void print.value(record.closed);
    }
    case 'terms':
      return void print.text(record.side).number(record.epoch);
    case 'issued':
      print.value(record.cumulative).value(record.acceptedCumulative);
      return void print.number(record.amount).number(record.paymentId);
    case 'received':
      print.value(record.cumulative).value(record.cashedCumulative).value(record.bounced);
      return void print.number(record.creditedUnits);
    case 'cashing':
      return void print.text(record.transaction).text(record.status);
    case 'note':
  }
}

function printFlight(print: Fingerprint, flight: Flight): void {
  const sent = CLASSES.flatMap((each) => flight[each].map(({ at }) => at)).sort((a, b) => a - b);
  for (const { bytes, at } of flight.control) print.bytes(bytes).number(sent.indexOf(at));
  print.number(-2);
  for (const { bytes, at } of flight.payment) print.bytes(bytes).number(sent.indexOf(at));
  print.number(-3);
  for (const { bytes, at } of flight.grants) print.number(bytes).number(sent.indexOf(at));
  print.number(-4);
  for (const { bytes, tag, upload, at } of flight.data) {
    print.number(bytes).number(tag).value(upload).number(sent.indexOf(at));
  }
  print.number(-5);
}
