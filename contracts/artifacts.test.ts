import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHANNEL_ABI, CHANNEL_FACTORY_ABI } from '../src/chain/channel-abi.ts';
import { CHEQUEBOOK_ABI, FACTORY_ABI } from '../src/chain/chequebook-abi.ts';
import { compileContracts } from './compile.ts';
import { documentWithGas } from './gas.ts';

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
  const selectors = (abi: readonly object[]) =>
    new Set(
      (abi as ReturnType<typeof parseAbi>).flatMap((item) => {
        if (item.type === 'function') {
          return [`${toFunctionSelector(item)} ${item.stateMutability} ${shape(item.outputs)}`];
        }
        return item.type === 'event' ? [toEventSelector(item)] : [];
      }),
    );
  for (const [name, ours] of [
    ['Chequebook', CHEQUEBOOK_ABI],
    ['Channel', CHANNEL_ABI],
    ['WayleaveFactory', FACTORY_ABI],
    ['WayleaveFactory', CHANNEL_FACTORY_ABI],
  ] as const) {
    const compiled = selectors(contracts[name]?.abi ?? []);
    for (const selector of selectors(parseAbi(ours))) assert.ok(compiled.has(selector), `${name} ${selector}`);
  }
});

test('docs/contracts.md shows the gas as it is', async () => {
  const { stored, fresh } = await documentWithGas();
  assert.equal(stored, fresh, 'run `npm run contracts`');
});
