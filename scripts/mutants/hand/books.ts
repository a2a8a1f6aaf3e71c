import type { Bug } from '../mutant.ts';

/** Bugs in the books: admission, charging, reconciling, what is put back after a crash. */
export const BOOKS: readonly Bug[] = [
  {
    name: 'admission-ignores-holds',
    why: 'what is being served counts only afterwards: many streams together pass dropAt',
    file: 'src/core/ledger.ts',
    old: 'return (cells[base + Column.ceiling] as number) - (cells[base] as number) - held;',
    new: 'return (cells[base + Column.ceiling] as number) - (cells[base] as number) - 0 * held;',
  },
  {
    name: 'limit-twice-what-was-granted',
    why: 'a neighbour in debt is served on, past what the operator allowed',
    file: 'src/core/link-account.ts',
    old: 'const granted = this.mine.newest?.dropAt ?? 0;',
    new: 'const granted = 2 * (this.mine.newest?.dropAt ?? 0);',
  },
  {
    name: 'sign-flipped-when-consuming',
    why: 'what I took counts as if I had given it',
    file: 'src/core/ledger.ts',
    old: '(cells[base] as number) + (side === 0 ? units : -units);',
    new: '(cells[base] as number) + units;',
  },
  {
    name: 'hold-never-released',
    why: 'each release leaves room taken, until the neighbour is choked without a debt',
    file: 'src/core/ledger.ts',
    old: '    this.#unhold(base, this.#holds.side(slot), held, held);\n',
    new: '',
  },
  {
    name: 'commit-keeps-the-hold',
    why: 'a charge is counted, and its reservation too',
    file: 'src/core/ledger.ts',
    old: '    this.#unhold(base, side, held, held - units);\n',
    new: '',
  },
  {
    name: 'payment-credited-twice',
    why: 'each payment counts double on the side that receives it',
    file: 'src/core/ledger.ts',
    old: `    this.#add(row, Column.received, units);
    this.#add(row, Column.balance, -units);`,
    new: `    this.#add(row, Column.received, 2 * units);
    this.#add(row, Column.balance, -2 * units);`,
  },
  {
    name: 'uncleared-payments-clear-debt',
    why: 'cheques beyond riskAt buy service before they are cashed',
    file: 'src/core/ledger.ts',
    old: 'return this.get(row, Column.pending) + this.get(row, Column.uncleared) + lost;',
    new: 'return this.get(row, Column.pending) + lost;',
  },
  {
    name: 'write-off-hidden',
    why: 'reconciling moves the balance, and no total says why',
    file: 'src/core/ledger.ts',
    old: '    this.#add(row, column + service, units);\n',
    new: '',
  },
  {
    name: 'remainder-dropped',
    why: 'the fraction of a unit is given away with every frame',
    file: 'src/core/service-account.ts',
    old: 'const remainder = millionths - units * BYTES_PER_MB;',
    new: 'const remainder = 0;',
  },
  {
    name: 'lease-not-assumed-after-a-crash',
    why: 'a node that crashes often gives its credit anew each time',
    file: 'src/core/link-account.ts',
    old: '[Column.assumed, record.lease],',
    new: '[Column.assumed, 0],',
  },
  {
    name: 'lease-endless',
    why: 'more is charged than was promised to the disk, and a crash forgets it',
    file: 'src/core/link-account.ts',
    old: 'lease - (this.#charged() - chargedAtSnapshot) - held',
    new: 'lease * 1000',
  },
  {
    name: 'debt-forgotten-at-restart',
    why: 'who was choked is served again after a restart',
    file: 'src/core/link-account.ts',
    old: '      ...three(Column.provided, record.provided),\n',
    new: '',
  },
  {
    name: 'payments-forgotten-at-restart',
    why: 'what was paid is owed again after a restart',
    file: 'src/core/link-account.ts',
    old: '      [Column.paid, record.paid],\n',
    new: '',
  },
  {
    name: 'books-not-restored',
    why: 'every restart starts all accounts at zero',
    file: 'src/node/neighbours.ts',
    old: 'if (record !== undefined) account.restore(',
    new: 'if (record === null) account.restore(',
  },
  {
    name: 'reconcile-trusts-the-seller',
    why: 'the buyer pays for what was lost on the way',
    file: 'src/core/reconcile.ts',
    old: 'return Math.max(claim.consumed, Math.min(claim.admitted, claim.provided));',
    new: 'return claim.provided;',
  },
  {
    name: 'reconcile-trusts-the-buyer',
    why: 'a buyer that forgets what it admitted gets it for nothing',
    file: 'src/core/reconcile.ts',
    old: 'return Math.max(claim.consumed, Math.min(claim.admitted, claim.provided));',
    new: 'return claim.consumed;',
  },
  {
    name: 'served-before-the-books-are-compared',
    why: 'what is served while the two greet each other is counted by one of them only',
    file: 'src/core/link-account.ts',
    old: 'return this.#ready && !this.settling;',
    new: 'return true;',
  },
  {
    name: 'old-price-for-new-frames',
    why: 'the buyer books what it got at a price that no longer holds',
    file: 'src/core/epoch-book.ts',
    old: `    const newest = this.#taken.at(-1);
    if (newest?.epoch === epoch) return newest;`,
    new: `    const newest = this.#taken.at(-1);
    if (newest !== undefined) return newest;`,
  },
  {
    name: 'grants-outlive-the-connection',
    why: 'room stays taken for uploads that can no longer come',
    file: 'src/core/service-account.ts',
    old: `  disconnected(): void {
    this.forgetForward();`,
    new: `  disconnected(): void {`,
  },
];
