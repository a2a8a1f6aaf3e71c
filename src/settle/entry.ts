/** `wayleave/settle`: cheques written, checked and cashed, on top of a chain and a store. */
export { CashierDesk } from './cashier-desk.ts';
export { ChequeDesk } from './cheque-desk.ts';
export { ChequebookFactsBook } from './chequebook-facts.ts';
export { OwnChequebook } from './own-chequebook.ts';
