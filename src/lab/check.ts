import { type Books, type IssuedBook, type LinkBook, type ReceivedBook, readBooks } from './check-books.ts';

/*
 * Looks at the books of a neighbourhood after every node has exited, with its own arithmetic (DESIGN §15). Nothing here
 * may come from the rest of `src/`: a run must not be able to congratulate itself.
 */

export interface CheckInput {
  readonly scenario: string;
  readonly seed: number;
  /** How the nodes pay each other. */
  readonly settlement: string;
  readonly weiPerUnit: bigint;
  readonly nodes: readonly CheckedNode[];
  readonly links: readonly CheckedLink[];
  /** The node whose transfer becomes `transfer` of the result. */
  readonly user: string;
  readonly transfers: readonly CheckedTransfer[];
  /** Every plain payment on the chain, or by a channel that was closed; only where nodes pay so, in place of cheques. */
  readonly payments?: readonly CheckedPayment[] | undefined;
}

export interface CheckedPayment {
  readonly from: string;
  readonly to: string;
  readonly wei: bigint;
}

export interface CheckedNode {
  readonly name: string;
  readonly address: string;
  /** Path of its store. */
  readonly store: string;
  /** How the process ended; undefined when a signal had to end it. */
  readonly exitCode: number | undefined;
  readonly profitBp: number;
  /** Name of the node it buys from, or what its uplink costs. */
  readonly buysFrom: string | undefined;
  readonly uplinkPricePerMb: number | undefined;
  /** Coin in wei: its account after funding; its account and its chequebook at the end; what its transactions cost. */
  readonly chainBefore: bigint;
  readonly chainAfter: bigint;
  readonly gas: bigint;
}

/** `a` sells to `b`. */
export interface CheckedLink {
  readonly a: string;
  readonly b: string;
  /** A cheque must have been cashed on it. */
  readonly paying: boolean;
  /** Where service is exchanged one for one: how far the ends may be apart, MB at the ask of the one that served more. */
  readonly barterDropAtMb?: number;
}

export interface CheckedTransfer {
  readonly node: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly expectedBytes: number;
  readonly expectedSha256: string;
  readonly seconds: number;
}

/** What `--json` writes (DESIGN §15). Amounts in units as numbers, wei as decimal strings. Fields are added, never renamed. */
export interface LabResult {
  readonly schema: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly settlement: string;
  readonly ok: boolean;
  readonly nodes: readonly NodeResult[];
  readonly links: readonly LinkResult[];
  readonly transfer: TransferResult;
  /** Sum of every balance and write-off of both ends of every link. */
  readonly conservation: number;
  readonly checks: readonly Check[];
}

export interface NodeResult {
  readonly name: string;
  readonly address: string;
  readonly earned: number;
  readonly spent: number;
  readonly chainBefore: string;
  readonly chainAfter: string;
  readonly gas: string;
}

export interface LinkResult {
  readonly a: string;
  readonly b: string;
  /** What `a` was paid for a MB, as its books show it; 0 when nothing was carried. */
  readonly pricePerMb: number;
  readonly bytes: number;
  /** Of these, what each served the other. */
  readonly bytesFromA: number;
  readonly bytesFromB: number;
  readonly balanceA: number;
  readonly balanceB: number;
  readonly writeOffA: number;
  readonly writeOffB: number;
  readonly chequesIssued: number;
  readonly chequesCashed: number;
  /** What was paid, units, and what stands on the chain for it: cashings, transfers, or channels closed. Both ways. */
  readonly paid: number;
  readonly settledOnChain: number;
}

export interface TransferResult {
  readonly bytes: number;
  readonly sha256: string;
  readonly ok: boolean;
  readonly seconds: number;
}

export interface Check {
  readonly id: string;
  readonly expected: number | string;
  readonly actual: number | string;
  readonly ok: boolean;
}

const MILLIONTHS = 1_000_000n;

/** One end of a link: its owner's books about the other end. */
interface End {
  readonly name: string;
  /** Whether the owner wrote anything about the link. */
  readonly written: boolean;
  readonly book: LinkBook;
  readonly issued: IssuedBook;
  readonly received: ReceivedBook;
}

/** Everything is 0 where nothing was ever written. */
const NO_LINK: LinkBook = {
  ...{
    provided: 0n,
    consumed: 0n,
    providedBytes: 0n,
    consumedBytes: 0n,
    providedRemainder: 0n,
    paid: 0n,
    received: 0n,
  },
  ...{ providedCorrection: 0n, consumedCorrection: 0n, lease: 0n, balance: 0n, writeOff: 0n, told: 0n },
};
const NONE_ISSUED: IssuedBook = { count: 0n, cumulativeWei: 0n, acceptedWei: 0n };
const NONE_RECEIVED: ReceivedBook = { cumulativeWei: 0n, cashedWei: 0n, cashings: 0n };

/** Reads every store and judges. Never throws for what is in the books: what cannot be read is a failed check. */
export function checkNeighbourhood(input: CheckInput): LabResult {
  const checks = new Checks();
  const books = new Map(input.nodes.map((node) => [node.name, open(node, checks)]));
  const links = input.links.map((link) => ({ link, a: end(input, books, link), b: end(input, books, flip(link)) }));
  for (const each of input.transfers) checkTransfer(each, checks);
  for (const { link, a, b } of links) checkLink({ link, a, b, input, checks });
  for (const node of input.nodes) checkCoin(node, input, { books, checks });

  let conservation = 0n;
  for (const { a, b } of links) conservation += claim(a) + claim(b);
  checks.equal('conservation', 0n, conservation);
  let coin = 0n;
  for (const node of input.nodes) coin += node.chainAfter - node.chainBefore + node.gas;
  checks.equal('chain.conservation', 0n, coin);

  return {
    schema: 1,
    scenario: input.scenario,
    seed: input.seed,
    settlement: input.settlement,
    ok: checks.list.every(({ ok }) => ok),
    nodes: input.nodes.map((node) => nodeResult(node, books.get(node.name))),
    links: links.map(({ link, a, b }) => linkResult(input, link, { a, b })),
    transfer: transferResult(input.transfers.find(({ node }) => node === input.user)),
    conservation: Number(conservation),
    checks: checks.list,
  };
}

class Checks {
  readonly list: Check[] = [];

  equal(id: string, expected: bigint | string | number, actual: bigint | string | number): void {
    this.#add(id, expected, { actual, ok: String(expected) === String(actual) });
  }

  atLeast(id: string, expected: bigint, actual: bigint): void {
    this.#add(id, expected, { actual, ok: actual >= expected });
  }

  atMost(id: string, expected: bigint, actual: bigint): void {
    this.#add(id, expected, { actual, ok: actual <= expected });
  }

  #add(id: string, expected: bigint | string | number, seen: { actual: bigint | string | number; ok: boolean }): void {
    this.list.push({ id, expected: plain(expected), actual: plain(seen.actual), ok: seen.ok });
  }
}

/** JSON has no integers beyond 2⁵³: those become decimal strings. */
function plain(value: bigint | string | number): number | string {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function open(node: CheckedNode, checks: Checks): Books | undefined {
  checks.equal(`node.${node.name}.exit`, 0, node.exitCode ?? 'killed');
  try {
    const books = readBooks(node.store);
    checks.equal(`node.${node.name}.store`, node.address, books.owner);
    let lease = 0n;
    for (const book of books.links.values()) lease += book.lease;
    checks.equal(`node.${node.name}.lease`, 0n, lease);
    const unexplained = [...books.links.values()].filter((book) => book.told !== book.balance + book.writeOff);
    checks.equal(`node.${node.name}.history`, 0, unexplained.length);
    return books;
  } catch (error) {
    checks.equal(`node.${node.name}.store`, node.address, `unreadable: ${String(error)}`);
    return undefined;
  }
}

function flip({ a, b, ...rest }: CheckedLink): CheckedLink {
  return { ...rest, a: b, b: a };
}

/** The end of `link` at its `a`. */
function end(input: CheckInput, all: ReadonlyMap<string, Books | undefined>, link: CheckedLink): End {
  const other = input.nodes.find(({ name }) => name === link.b)?.address ?? '';
  const books = all.get(link.a);
  return {
    name: link.a,
    written: books?.links.has(other) === true,
    book: books?.links.get(other) ?? NO_LINK,
    issued: books?.issued.get(other) ?? NONE_ISSUED,
    received: books?.received.get(other) ?? NONE_RECEIVED,
  };
}

function addressOf(input: CheckInput, name: string): string {
  return input.nodes.find((each) => each.name === name)?.address ?? '';
}

function claim({ book }: End): bigint {
  return book.balance + book.writeOff;
}

function checkTransfer(transfer: CheckedTransfer, checks: Checks): void {
  checks.equal(`transfer.${transfer.node}.bytes`, transfer.expectedBytes, transfer.bytes);
  checks.equal(`transfer.${transfer.node}.sha256`, transfer.expectedSha256, transfer.sha256);
}

interface LinkCheck {
  readonly link: CheckedLink;
  readonly a: End;
  readonly b: End;
  readonly input: CheckInput;
  readonly checks: Checks;
}

function checkLink({ link, a, b, input, checks }: LinkCheck): void {
  const id = `link.${link.a}-${link.b}`;
  // Both ends wrote something, or the agreement below would be one of two blank pages.
  checks.equal(`${id}.ends`, 2, Number(a.written) + Number(b.written));
  checks.equal(`${id}.agree`, -claim(b), claim(a));
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const way = `${id}.${from.name}${to.name}`;
    const { book: mine } = from;
    const { book: theirs } = to;
    const provided = mine.provided + mine.providedCorrection;
    checks.equal(`${way}.service`, provided, theirs.consumed + theirs.consumedCorrection);
    checks.equal(`${way}.bytes`, mine.providedBytes, theirs.consumedBytes);
    checks.equal(`${way}.payments`, mine.paid, theirs.received);
    if (input.payments !== undefined) {
      const [payer, payee] = [addressOf(input, from.name), addressOf(input, to.name)];
      const made = input.payments.filter((each) => each.from === payer && each.to === payee);
      const wei = made.reduce((sum, each) => sum + each.wei, 0n);
      checks.equal(`${way}.transferred`, mine.paid * input.weiPerUnit, wei);
      if (link.paying && from === b) checks.atLeast(`${id}.transfers`, 1n, BigInt(made.length));
      continue;
    }
    // A payer may have signed more than was acknowledged, never less than it booked as paid.
    checks.atLeast(`${way}.signed`, mine.paid * input.weiPerUnit, from.issued.cumulativeWei);
    checks.atLeast(`${way}.held`, theirs.received * input.weiPerUnit, to.received.cumulativeWei);
    checks.equal(`${way}.uncashed`, 0n, to.received.cumulativeWei - to.received.cashedWei);
  }
  if (link.paying && input.payments === undefined) checks.atLeast(`${id}.cashed`, 1n, a.received.cashings);
  const price = priceOf(a.book);
  if (link.barterDropAtMb !== undefined) return checkBarter({ link, a, b, input, checks }, link.barterDropAtMb);
  if (price !== undefined) checks.equal(`${id}.price`, askOf(input, link.a), price);
}

/** DESIGN §4: both ways at the lower positive ask; how far they are apart is limited by what the one ahead grants; no token moves. */
function checkBarter({ link, a, b, input, checks }: LinkCheck, dropAtMb: number): void {
  const id = `link.${link.a}-${link.b}`;
  const [lower = 0n] = [askOf(input, a.name), askOf(input, b.name)].filter((ask) => ask > 0n).sort(ascending);
  for (const { name, book } of [a, b]) {
    const price = priceOf(book);
    checks.equal(`${id}.${name}.barterPrice`, lower, price ?? 'nothing served');
    checks.atMost(`${id}.${name}.apart`, BigInt(dropAtMb) * askOf(input, name), book.balance);
    checks.equal(`${id}.${name}.paid`, 0n, book.paid + book.received);
  }
}

function ascending(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right);
}

/** What a MB was charged: exact when one price stood all along, else shown as a fraction, which fails the comparison. */
function priceOf(book: LinkBook): bigint | string | undefined {
  if (book.providedBytes === 0n) return undefined;
  const millionths = book.provided * MILLIONTHS + book.providedRemainder;
  const whole = millionths / book.providedBytes;
  return whole * book.providedBytes === millionths ? whole : `${millionths}/${book.providedBytes}`;
}

/** DESIGN §5: ask = ⌈cost × (10000 + profit) ÷ 10000⌉, the cost being the uplink's price or the next hop's ask. */
function askOf(input: CheckInput, name: string, hops = 0): bigint {
  const node = input.nodes.find((each) => each.name === name);
  if (node === undefined || hops > input.nodes.length) return -1n;
  const cost = node.buysFrom === undefined ? BigInt(node.uplinkPricePerMb ?? 0) : askOf(input, node.buysFrom, hops + 1);
  return (cost * (10_000n + BigInt(node.profitBp)) + 9_999n) / 10_000n;
}

/** What a node gained on the chain is what it cashed less what others cashed from it, gas aside. */
function checkCoin(
  node: CheckedNode,
  input: CheckInput,
  { books, checks }: { books: ReadonlyMap<string, Books | undefined>; checks: Checks },
): void {
  let expected = 0n;
  for (const { from, to, wei } of input.payments ?? []) {
    if (to === node.address) expected += wei;
    if (from === node.address) expected -= wei;
  }
  for (const received of books.get(node.name)?.received.values() ?? []) expected += received.cashedWei;
  for (const other of input.nodes) expected -= books.get(other.name)?.received.get(node.address)?.cashedWei ?? 0n;
  checks.equal(`node.${node.name}.coin`, expected, node.chainAfter - node.chainBefore + node.gas);
}

function nodeResult(node: CheckedNode, books: Books | undefined): NodeResult {
  let earned = 0n;
  let spent = 0n;
  for (const book of books?.links.values() ?? []) {
    earned += book.provided + book.providedCorrection;
    spent += book.consumed + book.consumedCorrection;
  }
  return {
    name: node.name,
    address: node.address,
    earned: Number(earned),
    spent: Number(spent),
    chainBefore: String(node.chainBefore),
    chainAfter: String(node.chainAfter),
    gas: String(node.gas),
  };
}

function linkResult(input: CheckInput, link: CheckedLink, { a, b }: { a: End; b: End }): LinkResult {
  const millionths = a.book.provided * MILLIONTHS + a.book.providedRemainder;
  const sold = a.book.providedBytes;
  const ends = [addressOf(input, link.a), addressOf(input, link.b)];
  const made = input.payments?.filter(({ from, to }) => ends.includes(from) && ends.includes(to));
  return {
    a: link.a,
    b: link.b,
    pricePerMb: sold === 0n ? 0 : Number(millionths / sold),
    bytes: Number(sold + b.book.providedBytes),
    bytesFromA: Number(sold),
    bytesFromB: Number(b.book.providedBytes),
    balanceA: Number(a.book.balance),
    balanceB: Number(b.book.balance),
    writeOffA: Number(a.book.writeOff),
    writeOffB: Number(b.book.writeOff),
    chequesIssued: Number(a.issued.count + b.issued.count),
    chequesCashed: Number(a.received.cashings + b.received.cashings),
    paid: Number(a.book.paid + b.book.paid),
    settledOnChain: made?.length ?? Number(a.received.cashings + b.received.cashings),
  };
}

function transferResult(transfer: CheckedTransfer | undefined): TransferResult {
  if (transfer === undefined) return { bytes: 0, sha256: '', ok: false, seconds: 0 };
  const { bytes, sha256, seconds } = transfer;
  const ok = sha256 === transfer.expectedSha256 && bytes === transfer.expectedBytes;
  return { bytes, sha256, ok, seconds };
}
