import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Abi } from 'viem';
import { compileSources } from '../compile.ts';

export type FixtureName =
  | 'Reenterer'
  | 'Moody'
  | 'PausableToken'
  | 'PlainToken'
  | 'FeeToken'
  | 'HookToken'
  | 'SilentToken'
  | 'FalseToken';

export interface Fixture {
  readonly abi: Abi;
  readonly bytecode: `0x${string}`;
}

let compiling: ReturnType<typeof compileSources> | undefined;

/** A contract of `Fixtures.sol`, compiled once per process. */
export async function fixture(name: FixtureName): Promise<Fixture> {
  const source = readFileSync(new URL('Fixtures.sol', import.meta.url), 'utf8');
  compiling ??= compileSources({ 'Fixtures.sol': source });
  const contract = (await compiling).contracts['Fixtures.sol']?.[name];
  assert.ok(contract, name);
  return { abi: contract.abi as unknown as Abi, bytecode: `0x${contract.evm.bytecode.object}` };
}
