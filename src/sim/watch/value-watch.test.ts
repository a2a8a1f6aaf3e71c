import { strict as assert } from 'node:assert';
import { beforeEach, describe, it } from 'node:test';
import { Column } from '../../core/ledger/columns.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import { serviceColumn } from '../../core/service.ts';
import { MAIL_BOX_HEADER } from '../../packets/mail-box.ts';
import { encodePacket, returnedPacket } from '../../wire/packet.ts';
import { PacketTap, type WireTap } from '../link/packet-tap.ts';
import { ValueWatch } from './value-watch.ts';

const { packets } = serviceColumn;
const TO = `0x${'ab'.repeat(20)}` as const;
const [MINE, THEIRS] = [1, 2];
/** What the neighbour may owe after it brought value, and at all. */
const VALUE_AT = 50;
const DROP_AT = 1_000;

let tap: PacketTap;
let wire: WireTap;

beforeEach(() => {
  tap = new PacketTap();
  wire = tap.begin();
  wire.opened(MINE, MAIL_BOX_HEADER);
  wire.opened(THEIRS, MAIL_BOX_HEADER);
});

function packet(id: number, value: number): Buffer {
  return encodePacket({ destination: TO, value, id: Buffer.alloc(8, id), payload: Buffer.alloc(9) });
}

function back(id: number, value: number): Buffer {
  return returnedPacket(packet(id, value), value, { reason: 'NO_ROUTE', refusedBy: TO, wanted: 0 });
}

describe('what is read of packets on a wire', () => {
  it('counts what comes back of what was sent, wherever frames are cut', () => {
    wire.sent(THEIRS, Buffer.concat([packet(1, 30), packet(2, 70)]));
    const bytes = Buffer.concat([back(2, 60), packet(3, 500)]);
    wire.arrived(MINE, bytes.subarray(0, 40));
    assert.equal(tap.takeBack(), 0);
    wire.arrived(MINE, bytes.subarray(40));
    assert.deepEqual([tap.takeBack(), tap.takeBack()], [60, 0]);
  });

  it('counts each once, on later connections too, and nothing that was not sent or comes back with more', () => {
    wire.sent(THEIRS, Buffer.concat([packet(1, 30), packet(2, 70)]));
    wire = tap.begin();
    wire.opened(MINE, MAIL_BOX_HEADER);
    wire.arrived(MINE, Buffer.concat([back(1, 30), back(1, 30), back(2, 71), back(3, 5)]));
    assert.equal(tap.takeBack(), 30);
  });

  it('reads no other channel, and nothing after what is no packet', () => {
    wire.sent(THEIRS, packet(1, 30));
    wire.arrived(7, back(1, 30));
    wire.arrived(MINE, Buffer.alloc(100, 9));
    wire.arrived(MINE, back(1, 30));
    assert.equal(tap.takeBack(), 0);
  });
});

/** One link's books, moved by hand as a node would that heeds no rule. */
class Books {
  readonly ledger = new Ledger();
  readonly watch = new ValueWatch(tap);
  readonly account = { ledger: this.ledger, row: 0, mine: { newest: { valueAt: VALUE_AT } } } as unknown as LinkAccount;

  constructor() {
    this.ledger.addLink();
    this.ledger.setLimit(0, 'dropAt', DROP_AT);
    this.ledger.settled = (row) => this.watch.paying(this.ledger, row);
    this.watch.enter(this.account, 0);
  }

  sends(id: number, value: number): void {
    wire.sent(THEIRS, packet(id, value));
    this.ledger.consumed(0, packets, value);
  }

  takesBack(id: number, value: number): void {
    wire.arrived(MINE, back(id, value));
    this.ledger.provided(0, packets, value);
  }

  takes(value: number): void {
    wire.arrived(MINE, packet(99, value));
    this.ledger.provided(0, packets, value);
  }

  pays(units: number): void {
    this.ledger.paying(0, units);
    this.ledger.paid(0, units);
  }

  serves(units: number): void {
    this.ledger.provided(0, serviceColumn.transit, units);
  }

  wrong(beyond = 0): boolean {
    const [served, came] = [serviceColumn.transit, packets].map((at) => this.ledger.get(0, Column.provided + at));
    return this.watch.look(this.account, { provided: (served ?? 0) + (came ?? 0), beyond }) !== undefined;
  }
}

/** What happens, looked at after each; whether the last is wrong; and what the node says of what is beyond trust. */
const CASES: readonly [string, readonly ((books: Books) => void)[], boolean, number?][] = [
  ['new value within trust', [(books) => books.takes(VALUE_AT)], false],
  ['new value beyond it', [(books) => books.takes(VALUE_AT + 1)], true],
  ['new value on top of service', [(books) => books.serves(300), (books) => books.takes(1)], true],
  ['the same in one step with service', [(books) => books.serves(300), served(1), served(1)], true],
  ['service alone', [(books) => books.serves(300), (books) => books.serves(300)], false],
  ['a return on top of service', [sent(80), (books) => books.serves(300), (books) => books.takesBack(1, 80)], false],
  ['a return under an id that was never sent', [sent(80), serve, (books) => books.takesBack(2, 80)], true],
  ['a return that the node says is beyond trust', [sent(80), serve, (books) => books.takesBack(2, 80)], false, 80],
  ['the same return twice', [sent(80), serve, (books) => books.takesBack(1, 80), sent(80, 2), takeBackAgain], true],
  ['a return after it was paid for', [sent(80), pay(80), serve, (books) => books.takesBack(1, 80)], true],
  ['it in one step with the payment', [sent(80), serve, paidAndBack], true],
  ['a return of what a payment left', [sent(80), pay(30), (books) => books.takesBack(1, 50)], false],
  [
    'a return of what was sent after something paid for had come back',
    [sent(80), pay(80), (books) => books.takesBack(1, 20), sent(60, 2), serve, (books) => books.takesBack(2, 60)],
    false,
  ],
  ['two returns in one step', [sent(80), sent(90, 2), serve, bothBack], false],
];

function sent(value: number, id = 1): (books: Books) => void {
  return (books) => books.sends(id, value);
}

function pay(units: number): (books: Books) => void {
  return (books) => books.pays(units);
}

function served(value: number): (books: Books) => void {
  return (books) => {
    books.serves(10);
    books.takes(value);
  };
}

function serve(books: Books): void {
  books.serves(300);
}

function takeBackAgain(books: Books): void {
  books.takesBack(1, 80);
}

function paidAndBack(books: Books): void {
  books.pays(80);
  books.takesBack(1, 80);
}

function bothBack(books: Books): void {
  books.takesBack(1, 80);
  books.takesBack(2, 90);
}

describe('a watch on value', () => {
  for (const [what, acts, wrong, beyond] of CASES) {
    it(`${wrong ? 'finds wrong' : 'lets be'}: ${what}`, () => {
      const books = new Books();
      const last = acts.length - 1;
      for (const act of acts.slice(0, last)) {
        act(books);
        books.wrong();
      }
      acts[last]?.(books);
      assert.equal(books.wrong(beyond), wrong);
    });
  }
});
