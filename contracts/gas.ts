import { readFileSync, writeFileSync } from 'node:fs';
import { readArtifact } from '../src/chain/artifacts.ts';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  beneficiaries,
  bookCall,
  type Call,
  channelCall,
  DAY_S,
  factoryCall,
  forger,
  issuer,
  openBench,
  owner,
  stranger,
  tokenCall,
  ZERO,
} from './testing/bench.ts';
import { bookTerms, cashing, cheque, openBook } from './testing/books.ts';
import {
  channelTerms,
  closing,
  FOR_EVER_S,
  openChannel,
  payeeA,
  payeeB,
  payments,
  putIn,
  withdrawing,
} from './testing/channels.ts';

/** Gas of what users pay for, measured on the EVM; `docs/contracts.md` shows it and a test keeps it true. */

type Row = readonly [name: string, gas: bigint];

/** Amounts as they occur: eight bytes of wei. */
const AMOUNT = 10n ** 15n;
const MUCH = 10n ** 18n;

class Meter {
  readonly bench: Bench;
  readonly token: NodeId;
  readonly rows: Row[] = [];

  constructor(bench: Bench, token: NodeId) {
    this.bench = bench;
    this.token = token;
  }

  async measure(name: string, call: Call): Promise<bigint> {
    const { gas } = await this.bench.must(call);
    this.rows.push([name, gas]);
    return gas;
  }
}

async function chequebookRows(meter: Meter): Promise<void> {
  const { bench, token } = meter;
  const [ann = ZERO, ben = ZERO] = beneficiaries;
  const factory = bench.chain.factory;
  const deploy = factoryCall('deployChequebook', [bookTerms(bench, { token })]);
  await meter.measure('deploy a chequebook', { from: issuer.id, to: factory, data: deploy });
  const book = await openBook(bench, MUCH, { token });
  const cash = (name: string, to: NodeId, amount: bigint) =>
    meter.measure(name, { from: stranger, to: book, data: cashing(book, to, amount) });
  await meter.measure('deposit', deposit(book, token));
  await cash('cash: the first cheque of a chequebook', ann, AMOUNT);
  await cash('cash: the first of one more beneficiary', ben, AMOUNT);
  await cash('cash: a later one', ann, 2n * AMOUNT);
  await cash('cash: one that bounces', ann, 20n * MUCH);
  const asOwner = (data: `0x${string}`) => ({ from: owner, to: book, data });
  await meter.measure('announce a withdrawal', asOwner(bookCall('announceWithdrawal', [10n])));
  await bench.give(book, MUCH, token);
  await bench.chain.passTime(DAY_S);
  await meter.measure('withdraw', asOwner(bookCall('withdraw')));
  await meter.measure('reserve for a beneficiary', asOwner(bookCall('reserve', [ann, AMOUNT])));
}

function deposit(to: NodeId, token: NodeId): Call {
  if (token === ZERO) return { from: owner, to, wei: AMOUNT };
  return { from: owner, to: token, data: tokenCall('transfer', [to, AMOUNT]) };
}

const BATCHES = [1, 10, 50] as const;

/** Later cheques: what a batch costs per cheque once everybody has been paid before. */
async function batchRows(meter: Meter): Promise<void> {
  const { bench, token } = meter;
  const payees = Array.from(
    { length: 50 },
    (_, at): NodeId => `0x${(0xd1d1_0000 + at).toString(16).padStart(40, 'e5')}`,
  );
  for (const payee of payees) await bench.give(payee, 1n, token);
  const book = await openBook(bench, 10n * MUCH, { token });
  const many = (count: number, amount: bigint) =>
    bookCall('cashMany', [payees.slice(0, count).map((payee) => cheque(book, payee, amount))]);
  await bench.must({ from: stranger, to: book, data: many(50, AMOUNT) });
  let amount = AMOUNT;
  for (const count of BATCHES) {
    amount += AMOUNT;
    const { gas } = await bench.must({ from: stranger, to: book, data: many(count, amount) });
    meter.rows.push([`cash many, ${count} on one chequebook: each`, gas / BigInt(count)]);
  }
  await acrossRows(meter);
}

async function acrossRows(meter: Meter): Promise<void> {
  const { bench, token } = meter;
  const [ann = ZERO] = beneficiaries;
  const books: NodeId[] = [];
  for (let at = 0; at < 50; at += 1) books.push(await openBook(bench, MUCH, { token }));
  const across = (count: number, amount: bigint) => {
    const claims = books.slice(0, count).map((book) => ({ chequebook: book, ...cheque(book, ann, amount) }));
    return { from: stranger, to: bench.chain.factory, data: factoryCall('cashAcross', [claims]) };
  };
  await bench.must(across(50, AMOUNT));
  let amount = AMOUNT;
  for (const count of BATCHES) {
    amount += AMOUNT;
    const { gas } = await bench.must(across(count, amount));
    meter.rows.push([`cash across, ${count} chequebooks, one payee: each`, gas / BigInt(count)]);
  }
}

async function factoryRow(meter: Meter): Promise<void> {
  const data = readArtifact('WayleaveFactory').bytecode;
  await meter.measure('deploy the factory (once per chain)', { from: stranger, data });
}

async function channelRows(meter: Meter): Promise<void> {
  const { bench, token } = meter;
  const open = (call: Partial<Call>) => ({
    from: stranger,
    to: bench.chain.factory,
    data: factoryCall('openChannel', [channelTerms(bench, { token }), payeeA]),
    ...call,
  });
  for (const payee of [payeeA, payeeB]) await bench.give(payee, 1n, token);
  await meter.measure('open a channel', open({}));
  const channel = await openChannel(bench, 0n, 0n, { token });
  if (token !== ZERO) {
    await bench.give(stranger, MUCH, token);
    await bench.must({ from: stranger, to: token, data: tokenCall('approve', [channel, MUCH]) });
  }
  const wei = token === ZERO ? AMOUNT : 0n;
  const data = channelCall('deposit', [payeeA, AMOUNT]);
  await meter.measure('channel: first deposit of a party', { from: stranger, to: channel, data, wei });
  await meter.measure('channel: top-up', { from: stranger, to: channel, data, wei });
  await putIn(bench, { channel, payee: payeeB, amount: AMOUNT, token });
  const out = withdrawing(channel, { withdrawnByAWei: 5n, withdrawnByBWei: 5n, validUntilS: FOR_EVER_S });
  await meter.measure('channel: withdraw together, both sides', { from: stranger, to: channel, data: out });
  const close = closing(channel, { paidByAWei: 1000n, paidByBWei: 2n, validUntilS: FOR_EVER_S });
  await meter.measure('channel: close together', { from: stranger, to: channel, data: close });
  await unilateralRows(meter);
}

async function unilateralRows(meter: Meter): Promise<void> {
  const { bench, token } = meter;
  const channel = await openChannel(bench, AMOUNT, AMOUNT, { token });
  const newest = (byA: bigint, byB: bigint) => [payments(channel, { byA, byB })];
  const start = channelCall('startClose', newest(1000n, 2000n));
  await meter.measure('channel: start a close, with both totals', { from: payeeA, to: channel, data: start });
  const answer = channelCall('submit', [payments(channel, { byA: 5000n })]);
  await meter.measure('channel: answer with a newer total', { from: stranger, to: channel, data: answer });
  await bench.chain.passTime(DAY_S);
  await meter.measure('channel: finish the close', { from: stranger, to: channel, data: channelCall('finish') });
}

async function measureIn(bench: Bench, token: NodeId): Promise<readonly Row[]> {
  const meter = new Meter(bench, token);
  for (const who of [owner, ...beneficiaries]) await bench.give(who, MUCH, token);
  await chequebookRows(meter);
  await batchRows(meter);
  await channelRows(meter);
  await factoryRow(meter);
  return meter.rows;
}

/**
 * The same on Swarm's ERC20SimpleSwap, from the bytecode of its factory on Sepolia
 * (0x0fF044F6bB4F684a5A149B46D7eC03ea659F98A1), measured once on this EVM with this token. Its code is not kept here.
 */
const SWARM: Readonly<Record<string, bigint>> = {
  'deploy a chequebook': 161_457n,
  'cash: the first cheque of a chequebook': 105_601n,
  'cash: the first of one more beneficiary': 88_501n,
  'cash: a later one': 71_394n,
  'cash: one that bounces': 70_430n,
};

/** Rows of both kinds of money, in coin and in a token. */
export async function measureGas(): Promise<readonly (readonly [string, bigint, bigint])[]> {
  const bench = await openBench();
  for (const party of [issuer.id, forger.id, payeeA, payeeB]) await bench.give(party, MUCH);
  const coin = await measureIn(bench, ZERO);
  const token = await measureIn(bench, await bench.deploy('PlainToken'));
  bench.chain.close();
  return coin.map(([name, gas], at) => [name, gas, token[at]?.[1] ?? 0n]);
}

const DOCUMENT = new URL('../docs/contracts.md', import.meta.url);
const TABLE = /(<!-- gas -->\n)[^]*(<!-- \/gas -->)/;

/** The page with its table of gas as measured now. */
export async function documentWithGas(): Promise<{ readonly stored: string; readonly fresh: string }> {
  const stored = readFileSync(DOCUMENT, 'utf8');
  const number = (gas: bigint) => gas.toLocaleString('en-US');
  const lines = (await measureGas()).map(([name, coin, token]) => {
    const swarm = SWARM[name] === undefined ? '' : number(SWARM[name]);
    return `| ${name} | ${number(coin)} | ${number(token)} | ${swarm} |\n`;
  });
  const head = '| what | coin | ERC-20 | Swarm, ERC-20 |\n|---|---:|---:|---:|\n';
  return { stored, fresh: stored.replace(TABLE, `$1${head}${lines.join('')}$2`) };
}

export async function writeGas(): Promise<void> {
  writeFileSync(DOCUMENT, (await documentWithGas()).fresh);
}
