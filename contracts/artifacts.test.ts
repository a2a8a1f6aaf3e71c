import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHANNEL_ABI, CHANNEL_FACTORY_ABI } from '../src/chain/channel-abi.ts';
import { CHEQUEBOOK_ABI, FACTORY_ABI } from '../src/chain/chequebook-abi.ts';
import { CONTRACT_ERRORS_ABI } from '../src/chain/contract-errors-abi.ts';
import { TOKEN_ABI } from '../src/chain/token-abi.ts';
import { compileContracts } from './compile.ts';
import { documentWithGas } from './gas.ts';
import { fixture } from './testing/fixtures.ts';

interface Parameter {
  readonly name?: string | undefined;
  readonly type: string;
  readonly components?: readonly Parameter[] | undefined;
}

/** Names and types of parameters, whatever else the compiler says of them. */
function shape(parameters: readonly Parameter[]): string {
  const one = ({ name, type, components }: Parameter) => `${type}${components ? shape(components) : ''} ${name ?? ''}`;
  return `(${parameters.map(one).join(',')})`;
}

const url = new URL('artifacts.json', import.meta.url);

const compiling = compileContracts();

test('artifacts.json is what the sources compile to', async () => {
  const stored: unknown = JSON.parse(readFileSync(url, 'utf8'));
  const fresh: unknown = JSON.parse(JSON.stringify(await compiling));
  assert.deepEqual(stored, fresh, 'run `npm run contracts`');
});

test('the hand-written ABI says what the compiled one says', async () => {
  const { parseAbi, toEventSelector, toFunctionSelector } = await import('viem');
  const { contracts } = await compiling;
  const token = await fixture('PlainToken');
  const selectors = (abi: readonly object[]) =>
    new Set(
      (abi as ReturnType<typeof parseAbi>).flatMap((item) => {
        if (item.type === 'function') {
          return [`${toFunctionSelector(item)} ${item.stateMutability} ${shape(item.outputs)}`];
        }
        return item.type === 'event' ? [toEventSelector(item)] : [];
      }),
    );
  const abis: Readonly<Record<string, { readonly abi: readonly object[] }>> = {
    ...contracts,
    Token: token,
  };
  for (const [name, ours] of [
    ['Token', TOKEN_ABI],
    ['Chequebook', CHEQUEBOOK_ABI],
    ['Channel', CHANNEL_ABI],
    ['WayleaveFactory', FACTORY_ABI],
    ['WayleaveFactory', CHANNEL_FACTORY_ABI],
  ] as const) {
    const compiled = selectors(abis[name]?.abi ?? []);
    for (const selector of selectors(parseAbi(ours))) assert.ok(compiled.has(selector), `${name} ${selector}`);
  }
});

test('every error of the contracts is known by its name', async () => {
  const { parseAbi, toFunctionSelector } = await import('viem');
  const { contracts } = await compiling;
  const errors = (abi: readonly object[]) =>
    (abi as ReturnType<typeof parseAbi>).flatMap((item) =>
      item.type === 'error'
        ? [toFunctionSelector({ ...item, type: 'function', outputs: [], stateMutability: 'view' })]
        : [],
    );
  const theirs = Object.values(contracts).flatMap(({ abi }) => errors(abi));
  assert.deepEqual(new Set(errors(parseAbi(CONTRACT_ERRORS_ABI))), new Set(theirs));
});

test('docs/contracts.md shows the gas as it is', async () => {
  const { stored, fresh } = await documentWithGas();
  assert.equal(stored, fresh, 'run `npm run contracts`');
});
