import type { NodeId } from '../core/node-id.ts';
import type { ArrivedTransfer, TransferBook } from '../core/settlement/transfers.ts';
import type { NoteRecord } from '../store/store.ts';

/** What is left over after a payment and carried to the next one. */
interface LeftOver {
  /** Of the conversion to wei. */
  readonly remainder: bigint;
  /** Of what arrived where a token kept a part, not worth a unit yet: as `weiToUnits` carries it. Absent: 0. */
  readonly arrivedRemainder?: bigint;
}

/** The last payment to one neighbour by transfer. */
export interface SentTransfer extends LeftOver {
  readonly neighbour: NodeId;
  readonly id: number;
  readonly units: number;
  readonly wei: bigint;
  /** What was left over before it, and is again where it is not paid after all. Absent: written down by an older version. */
  readonly before?: LeftOver;
  /** What its transaction cost. Absent: it is in no block yet, or an older version wrote it down. */
  readonly gasWei?: bigint | undefined;
  /** The hash it was announced with; of its newest version, as far as that is known. */
  readonly transaction: string;
  /** `sent`: it may be mined. `mined`: it is. `failed`: it never will be. `acknowledged`: it counts at the other end too. */
  readonly state: 'sent' | 'mined' | 'failed' | 'acknowledged';
}

/** How far the chain was searched for payments. */
export interface Searched {
  readonly number: number;
  readonly hash: string;
}

/** Of these the link's history makes lines (`neighbour/history-note.ts`). */
const ACT = 'transfer-act:';
const SENT = 'transfer to ';
const BOOK = 'transfers from ';
const SEARCHED = 'transfers searched';

export function sentNote(sent: SentTransfer): NoteRecord {
  return { kind: 'note', name: SENT + sent.neighbour, text: print(sent) };
}

export function bookNote(payer: NodeId, book: TransferBook): NoteRecord {
  return { kind: 'note', name: BOOK + payer, text: print(book) };
}

/** A reorganisation took back what was credited, or it stands again. */
export function actNote(act: 'undone' | 'redone', { key, wei }: ArrivedTransfer): NoteRecord {
  return { kind: 'note', name: ACT + key, text: JSON.stringify([act, String(wei)]) };
}

export function searchedNote(searched: Searched): NoteRecord {
  return { kind: 'note', name: SEARCHED, text: print(searched) };
}

/**
 * Did this node ever pay, or ever look out for payments, by transfer? Who once offered it may be paid so for as long as a
 * neighbour has an offer of that time, and nothing of such a payment is in the notes before it is in a block.
 */
export function hasTransfers(notes: readonly NoteRecord[]): boolean {
  return notes.some(({ name }) => name.startsWith(SENT) || name.startsWith(BOOK) || name === SEARCHED);
}

export interface TransferNotes {
  readonly sent: readonly SentTransfer[];
  readonly books: ReadonlyMap<NodeId, TransferBook>;
  readonly searched: Searched | undefined;
}

/** Reads what the functions above wrote. */
export function readTransferNotes(notes: readonly NoteRecord[]): TransferNotes {
  const sent: SentTransfer[] = [];
  const books = new Map<NodeId, TransferBook>();
  let searched: Searched | undefined;
  for (const { name, text } of notes) {
    if (name.startsWith(SENT)) {
      const written = JSON.parse(text) as SentTransfer & SentTexts;
      const before = written.before === undefined ? {} : { before: readLeftOver(written.before) };
      const gas = written.gasWei === undefined ? {} : { gasWei: BigInt(written.gasWei) };
      sent.push({ ...written, wei: BigInt(written.wei), ...gas, ...readLeftOver(written), ...before });
    } else if (name.startsWith(BOOK)) books.set(name.slice(BOOK.length), readBook(text));
    else if (name === SEARCHED) searched = JSON.parse(text) as Searched;
  }
  return { sent, books, searched };
}

type Texts<Name extends string> = { readonly [Each in Name]: string };
type SentTexts = Texts<'wei'> & Partial<Texts<'gasWei'>> & LeftOverTexts & { readonly before?: LeftOverTexts };
type LeftOverTexts = Texts<'remainder'> & Partial<Texts<'arrivedRemainder'>>;

function readLeftOver({ remainder, arrivedRemainder = '0' }: LeftOverTexts): LeftOver {
  return { remainder: BigInt(remainder), arrivedRemainder: BigInt(arrivedRemainder) };
}

function readBook(text: string): TransferBook {
  const book = JSON.parse(text) as Texts<'creditedWei' | 'remainder'> & {
    readonly recent: readonly (ArrivedTransfer & Texts<'wei'>)[];
  };
  return {
    recent: book.recent.map((each) => ({ ...each, wei: BigInt(each.wei) })),
    creditedWei: BigInt(book.creditedWei),
    remainder: BigInt(book.remainder),
  };
}

function print(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}
