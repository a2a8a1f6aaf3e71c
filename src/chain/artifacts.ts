import { readFileSync } from 'node:fs';

/** One entry of a contract's ABI as solc writes it. */
export type AbiItem = Readonly<Record<string, unknown>>;

export interface Artifact {
  readonly abi: readonly AbiItem[];
  /** Code that deploys, without constructor arguments. */
  readonly bytecode: `0x${string}`;
  /** Code as it stands on the chain, immutables left at zero. */
  readonly deployedBytecode: `0x${string}`;
}

/** `contracts/artifacts.json`, made by `npm run contracts`; a test compiles again and compares. */
export interface Artifacts {
  readonly compiler: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly contracts: Readonly<Record<string, Artifact>>;
}

/** Reads one contract's artifact. Only a deployment needs it, so it is not kept. */
export function readArtifact(name: 'Chequebook' | 'ChequebookFactory'): Artifact {
  const file = new URL('../../contracts/artifacts.json', import.meta.url);
  const artifact = (JSON.parse(readFileSync(file, 'utf8')) as Artifacts).contracts[name];
  if (artifact === undefined) throw new Error(`contracts/artifacts.json has no ${name}`);
  return artifact;
}
