import { BOOKS } from './hand/books.ts';
import { MONEY } from './hand/money.ts';
import type { Bug } from './mutant.ts';

/** Every bug made by hand. To add one, add it to a list in `hand/`; `npm run mutants -- --only NAME` tries it alone. */
export const HAND_MADE: readonly Bug[] = [...BOOKS, ...MONEY];
