import { WayleaveError } from '../../core/errors.ts';
import { unexplained } from '../../core/ledger/audit.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { HistoryNote, HistoryTotals } from '../../core/ledger/history.ts';
import { Unsettled } from '../../core/ledger/unsettled.ts';
import { serviceColumn } from '../../core/service.ts';
import { Journal } from '../../neighbour/journal.ts';
import type { HistoryRecord, LinkRecord, Store } from '../../store/store.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const SPAN_MS = 86_400_000;
const JOURNAL_MS = 50;
const BOTH_SELL = { asks: [[10], [10]] } as const;
const PACKETS = serviceColumn.packets;
const DISPUTE: HistoryNote = { entry: 'dispute', reference: 'transit' };
const CASHED: HistoryNote = { entry: 'cashed', wei: 500n, gasWei: 1n, reference: 'transaction' };

/** Node 0's account with a history of it, on a disk of its own. */
class Chronicle {
  readonly rows = new Map<number, HistoryRecord>();
  link: LinkRecord | undefined;
  readonly #teller: Teller;
  #journal: Journal;
  #written: HistoryRecord[] = [];

  constructor(teller: Teller) {
    this.#teller = teller;
    this.#journal = this.#life();
  }

  #life(): Journal {
    const { account, clock } = this.#teller.node(0);
    const commit: Store['commit'] = (records) => {
      for (const record of records) {
        if (record.kind === 'history') this.#written.push(record);
        if (record.kind === 'history') this.rows.set(record.number, record);
        if (record.kind === 'link') this.link = record;
      }
      return Promise.resolve();
    };
    const store = { commit } as Partial<Store> as Store;
    const failed = (): void => undefined;
    const journal = new Journal({ store, clock, windowMs: JOURNAL_MS, historySpanMs: SPAN_MS, failed });
    journal.follow(account, this.link);
    return journal;
  }

  /** The process begins anew, with what its disk remembers. */
  restarts(): void {
    this.#journal = this.#life();
  }

  /** The account is written, with what is known beside; the rows that are written with it. */
  async writes(...notes: readonly HistoryNote[]): Promise<readonly string[]> {
    const { account } = this.#teller.node(0);
    for (const note of notes) this.#journal.note(account, note);
    await this.#journal.commit(account);
    return this.#written.splice(0).map(inWords);
  }
}

/** Its number, what it is, how many events are in it, and the figures that are not 0. */
function inWords(row: HistoryRecord): string {
  const figures = (['provided', 'consumed', 'providedBytes', 'paid', 'received', 'wei'] as const)
    .filter((name) => Number(row[name]) !== 0)
    .map((name) => `${name} ${row[name]}`);
  return [`${row.number} ${row.entry}${row.service && ` ${row.service}`} × ${row.events}`, ...figures].join(', ');
}

/** Figures of the account that its rows do not explain, if one figure of it were larger by 1. */
function gaps({ rows, link }: Chronicle, field: keyof HistoryTotals, service = 0): readonly string[] {
  if (link === undefined) return ['no record'];
  const { [field]: before } = link;
  const after = typeof before === 'number' ? before + 1 : before.map((value, s) => (s === service ? value + 1 : value));
  return unexplained([...rows.values()], { ...link, [field]: after }).map(({ figure }) => figure);
}

/** What explains an account, and how accounts become many. */
export const STORIES_OF_ACCOUNTS: readonly RuleStory[] = [
  {
    name: 'what happens within one span is one row of its kind, written again as long as it grows',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      const { ledger, row } = account;
      const chronicle = new Chronicle(teller);
      await teller.serve(0);
      ledger.consumed(row, PACKETS, 5);
      teller.same('two services', await chronicle.writes(), [
        '1 service transit × 1, provided 10, providedBytes 1000000',
        '2 service packets × 1, consumed 5',
      ]);
      ledger.provided(row, 0, 20);
      const grown = ['1 service transit × 2, provided 30, providedBytes 1000000'];
      teller.same('one of them grew', await chronicle.writes(), grown);
      teller.same('nothing happened', await chronicle.writes(), []);
      ledger.correct(row, 'provided', 0, -3);
      teller.same('written off', await chronicle.writes(), ['3 writeOff transit × 1, provided -3']);
      clock.step(SPAN_MS);
      ledger.provided(row, 0, 1);
      teller.same('a new span', await chronicle.writes(), ['4 service transit × 1, provided 1']);
      chronicle.restarts();
      ledger.provided(row, 0, 2);
      teller.same('a new life', await chronicle.writes(), ['5 service transit × 1, provided 2']);
    },
  },
  {
    name: 'payments stand in the history with what is known of them, and what moves no counter for itself, once',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = teller.node(0).account;
      const chronicle = new Chronicle(teller);
      ledger.received(row, 50, 50);
      teller.same('it paid', await chronicle.writes({ entry: 'received', wei: 500n }, DISPUTE, CASHED), [
        '1 received × 1, received 50, wei 500',
        '2 dispute × 1',
        '3 cashed × 1, wei 500',
      ]);
      ledger.paying(row, 30);
      ledger.paid(row, 30);
      const written = await chronicle.writes({ entry: 'paid', wei: 300n }, DISPUTE, CASHED);
      teller.same('it was paid', written, ['4 paid × 1, paid 30, wei 300', '2 dispute × 2', '5 cashed × 1, wei 500']);
      teller.same('no more is known', await chronicle.writes(), []);
    },
  },
  {
    name: 'each figure of an account that its history does not explain is named',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = teller.node(0).account;
      const chronicle = new Chronicle(teller);
      await teller.serve(0, 2);
      await teller.serve(1);
      ledger.provided(row, PACKETS, 7);
      ledger.received(row, 50, 50);
      ledger.paying(row, 30);
      ledger.paid(row, 30);
      ledger.correct(row, 'provided', 0, -3);
      ledger.correct(row, 'consumed', 0, 2);
      await chronicle.writes();
      const { link, rows } = chronicle;
      teller.same('all is explained', link === undefined || unexplained([...rows.values()], link), []);
      teller.same('given', gaps(chronicle, 'provided', PACKETS), ['packets provided', 'balance']);
      teller.same('taken', gaps(chronicle, 'consumed'), ['transit consumed', 'balance']);
      teller.same('bytes given', gaps(chronicle, 'providedBytes'), ['transit bytes provided']);
      teller.same('bytes taken', gaps(chronicle, 'consumedBytes'), ['transit bytes consumed']);
      teller.same('paid', gaps(chronicle, 'paid'), ['paid', 'balance']);
      teller.same('received', gaps(chronicle, 'received'), ['received', 'balance']);
    },
  },
  {
    name: 'a node with more neighbours than it had room for has the books of all of them',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = teller.node(0).account;
      const cells = (each: number): readonly number[] =>
        [Column.provided, Column.consumed, Column.received].map((column) => ledger.get(each, column));
      ledger.provided(row, 0, 30);
      ledger.consumed(row, 0, 20);
      ledger.received(row, 5, 5);
      const added = Array.from({ length: 40 }, () => ledger.addLink());
      teller.same('the first one', cells(row), [30, 20, 5]);
      const last = added.at(-1) ?? row;
      ledger.provided(last, 0, 3);
      ledger.consumed(last, 0, 2);
      ledger.received(last, 1, 1);
      teller.same('the last one', cells(last), [3, 2, 1]);
    },
  },
  {
    name: 'what a neighbour brought before, and was taken, is no value that it may take back',
    begins: { world: BOTH_SELL, dishonest: true },
    told: async (teller) => {
      const { ledger, row } = teller.node(0).account;
      const unsettled = new Unsettled(ledger);
      let last = row;
      for (let more = 0; more < 40; more += 1) last = ledger.addLink();
      for (const each of [row, last]) {
        unsettled.begin(each);
        ledger.provided(each, PACKETS, 70);
        unsettled.taken(each);
        ledger.consumed(each, PACKETS, 100);
        teller.same('what went since', unsettled.returnable(each), 100);
      }
    },
  },
  {
    name: 'what is wrong is told by its name, with the facts',
    begins: { dishonest: true },
    told: async (teller) => {
      const { ledger, row } = teller.node(0).account;
      try {
        ledger.holdProvide(row, 0.5);
        teller.same('half a unit', 'held', 'refused');
      } catch (error) {
        if (!(error instanceof WayleaveError)) throw error;
        teller.same(
          'half a unit',
          [error.name, error.code, error.details],
          ['WayleaveError', 'AMOUNT_INVALID', { units: 0.5 }],
        );
      }
    },
  },
];
