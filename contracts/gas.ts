import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  type Bench,
  beneficiaries,
  bookCall,
  type Call,
  cashing,
  DAY_S,
  factoryCall,
  issuer,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';

/** Gas of what users pay for, measured on the EVM; `docs/contracts.md` shows it and a test keeps it true. */
export async function measureGas(): Promise<ReadonlyMap<string, bigint>> {
  const bench = await openBench();
  const [ann = ZERO, ben = ZERO] = beneficiaries;
  const rows = new Map<string, bigint>();
  const measure = async (name: string, call: Call) => {
    const { gas, error } = await bench.send(call);
    assert.equal(error, undefined, name);
    rows.set(name, gas);
  };
  const deploy = factoryCall('deploy', [owner, issuer.id, BigInt(DAY_S), `0x${'00'.repeat(32)}`]);
  await measure('deploy a chequebook, with a deposit', {
    from: stranger,
    to: bench.chain.factory,
    data: deploy,
    wei: 1n,
  });
  const book = await bench.book(10n ** 18n);
  await measure('deposit', { from: stranger, to: book, wei: 1n });
  await measure('cash: the first cheque of a chequebook', cash(book, ann, 1000n));
  await measure('cash: the first cheque of one more beneficiary', cash(book, ben, 1000n));
  await measure('cash: every later cheque', cash(book, ann, 2000n));
  await measure('cash: the first that bounces', cash(book, ann, 2n * 10n ** 18n));
  const announce = bookCall('announceWithdrawal', [10n]);
  await measure('announce a withdrawal', { from: owner, to: book, data: announce });
  await bench.send({ from: stranger, to: book, wei: 10n });
  await bench.chain.passTime(DAY_S);
  await measure('withdraw', { from: owner, to: book, data: bookCall('withdraw') });
  rows.set('deploy the factory (once per chain)', await factoryGas(bench));
  bench.chain.close();
  return rows;
}

const cash = (book: string, beneficiary: string, wei: bigint): Call => ({
  from: stranger,
  to: book,
  data: cashing(book, beneficiary, wei),
});

async function factoryGas(bench: Bench): Promise<bigint> {
  return (await bench.deploy('ChequebookFactory', [])).gas;
}

const DOCUMENT = new URL('../docs/contracts.md', import.meta.url);
const TABLE = /(<!-- gas -->\n)[^]*(<!-- \/gas -->)/;

/** The page with its table of gas as measured now. */
export async function documentWithGas(): Promise<{ readonly stored: string; readonly fresh: string }> {
  const stored = readFileSync(DOCUMENT, 'utf8');
  const lines = [...(await measureGas())].map(([name, gas]) => `| ${name} | ${gas.toLocaleString('en-US')} |\n`);
  return { stored, fresh: stored.replace(TABLE, `$1| what | gas |\n|---|---:|\n${lines.join('')}$2`) };
}

export async function writeGas(): Promise<void> {
  writeFileSync(DOCUMENT, (await documentWithGas()).fresh);
}
