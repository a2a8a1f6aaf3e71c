import { readFileSync } from 'node:fs';
import type { AbiItem, Artifacts } from '../src/chain/artifacts.ts';

/** The contracts, and the exact settings they are built with: the same bytes come out wherever this runs. */
export const CONTRACTS = ['Chequebook', 'ChequebookFactory'] as const;

const SETTINGS = {
  /** Cancun is what every chain worth settling on has; nothing newer is needed. */
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 10_000 },
  /** No hash of the metadata in the bytecode: a comment must not change what is deployed. */
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
} as const;

interface CompiledContract {
  readonly abi: readonly AbiItem[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
}

interface CompilerOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, CompiledContract>>>>;
}

/** Compiles given sources by name; any warning is an error. */
export async function compileSources(sources: Readonly<Record<string, string>>): Promise<CompilerOutput['contracts']> {
  const { default: solc } = await import('solc');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
    settings: SETTINGS,
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput;
  const complaints = (output.errors ?? []).map((error) => error.formattedMessage);
  if (complaints.length > 0) throw new Error(`solc: ${complaints.join('\n')}`);
  return output.contracts;
}

/** What `contracts/artifacts.json` must contain for the sources as they stand. */
export async function compileContracts(): Promise<Artifacts> {
  const { default: solc } = await import('solc');
  const sources: Record<string, string> = {};
  for (const name of CONTRACTS) sources[`${name}.sol`] = readFileSync(new URL(`${name}.sol`, import.meta.url), 'utf8');
  const compiled = await compileSources(sources);
  const contracts: Record<string, Artifacts['contracts'][string]> = {};
  for (const name of CONTRACTS) {
    const contract = compiled[`${name}.sol`]?.[name];
    if (contract === undefined) throw new Error(`solc gave no ${name}`);
    contracts[name] = {
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
      deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
    };
  }
  const { outputSelection: _, ...settings } = SETTINGS;
  return { compiler: String(solc.version()), settings, contracts };
}
