import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AbiItem, Artifact, Artifacts } from '../src/chain/artifacts.ts';

/** What is deployed, and the exact settings it is built with: the same bytes come out wherever this runs. */
export const CONTRACTS = ['Chequebook', 'Channel', 'WayleaveFactory'] as const;
/** What they are made of besides. */
const PARTS = ['Cheques', 'Money', 'Terms'] as const;

const SETTINGS = {
  /** Cancun is what every chain worth settling on has; nothing newer is needed. */
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 10_000 },
  /** No hash of the metadata in the bytecode: a comment must not change what is deployed. */
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: {
    '*': {
      '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'],
      '': ['ast'],
    },
  },
} as const;

/** "Transient storage can break composability": OpenZeppelin's guard clears its slot before it returns. */
const HARMLESS_WARNING = '2394';

interface CompiledContract {
  readonly abi: readonly AbiItem[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: {
      readonly object: string;
      readonly immutableReferences: Readonly<Record<string, readonly { readonly start: number }[]>>;
    };
  };
}

interface AstNode {
  readonly id: number;
  readonly name?: string;
  readonly nodes?: readonly AstNode[];
}

interface CompilerOutput {
  readonly errors?: readonly { readonly errorCode: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, CompiledContract>>>>;
  readonly sources: Readonly<Record<string, { readonly ast: AstNode }>>;
}

/** Compiles given sources by name, with OpenZeppelin's from its package; any warning is an error. */
export async function compileSources(sources: Readonly<Record<string, string>>): Promise<CompilerOutput> {
  const { default: solc } = await import('solc');
  const { resolve } = createRequire(import.meta.url);
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
    settings: SETTINGS,
  };
  const library = (path: string) => ({ contents: readFileSync(resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: library })) as CompilerOutput;
  const complaints = (output.errors ?? []).filter(({ errorCode }) => errorCode !== HARMLESS_WARNING);
  if (complaints.length > 0) throw new Error(complaints.map((error) => `solc: ${error.formattedMessage}`).join('\n'));
  return output;
}

/** The sources as they stand, by file name. */
export function readSources(): Readonly<Record<string, string>> {
  const names = [...CONTRACTS, ...PARTS].map((name) => `${name}.sol`);
  return Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
}

/** What `contracts/artifacts.json` must contain for the sources as they stand. */
export async function compileContracts(): Promise<Artifacts> {
  const { default: solc } = await import('solc');
  const compiled = await compileSources(readSources());
  const contracts = Object.fromEntries(CONTRACTS.map((name) => [name, artifactOf(name, compiled)]));
  const { outputSelection: _, ...settings } = SETTINGS;
  return { compiler: String(solc.version()), settings, contracts };
}

function artifactOf(name: string, { contracts, sources }: CompilerOutput): Artifact {
  const contract = contracts[`${name}.sol`]?.[name];
  if (contract === undefined) throw new Error(`solc gave no ${name}`);
  const { bytecode, deployedBytecode } = contract.evm;
  const variables = sources[`${name}.sol`]?.ast.nodes?.flatMap((node) => node.nodes ?? []) ?? [];
  const immutables = Object.entries(deployedBytecode.immutableReferences).map(([id, places]) => {
    const variable = variables.find((node) => node.id === Number(id))?.name;
    return [variable ?? id, places.map(({ start }) => start)] as const;
  });
  return {
    abi: contract.abi,
    bytecode: `0x${bytecode.object}`,
    deployedBytecode: `0x${deployedBytecode.object}`,
    immutables: Object.fromEntries(immutables),
  };
}
