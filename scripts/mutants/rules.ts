import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The rules of the books, terms, sessions and settlement: every line of these is changed in every way (`mechanical.ts`). */
const NAMES = [
  'reconcile',
  'write-offs',
  'risk',
  'account-record',
  'payments',
  'cheque',
  'cheque-share',
  'delegation',
  'gas-worth',
  'relations',
  'cashier',
  'ratio',
  'units',
  'barter',
  'link-account',
  'session',
  'epoch-book',
  'ledger',
  'service-account',
  'relation',
  'terms',
  'hold-table',
  'conduct',
  'pace',
  'statements',
  'statement',
  'statement-gaps',
  'cut',
  'tally',
  'credit',
  'credit-lease',
  'credit-places',
  'service-rates',
  'service-time',
  'time-meter',
  'channel-payment',
  'transfers',
  'issue-cap',
  'top-up',
  'at-rest',
  'calm',
  'pay-ahead',
  'repriced-allowance',
  'allotment',
  'carried-credit',
  'rate-meter',
  'purchases',
  'payment-history',
];

const FILES = globSync('src/core/**/*.ts', { cwd: join(import.meta.dirname, '..', '..') });

/** Their paths, in whatever folder of core/ they stand. */
export const RULES = NAMES.map((name) => {
  const file = FILES.find((each) => basename(each) === `${name}.ts`);
  if (file === undefined) throw new Error(`there are no rules ${name} in src/core/`);
  return file;
});
