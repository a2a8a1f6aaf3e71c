import { readFileSync } from 'node:fs';
import type { NodeId } from '../core/node-id.ts';

const WORD_BYTES = 32;
const ADDRESS_BYTES = 20;

export type ContractName = 'Chequebook' | 'Channel' | 'WayleaveFactory';

/** One entry of a contract's ABI as solc writes it. */
export type AbiItem = Readonly<Record<string, unknown>>;

export interface Artifact {
  readonly abi: readonly AbiItem[];
  /** Code that deploys, without constructor arguments. */
  readonly bytecode: `0x${string}`;
  /** Code as it stands on the chain, immutables left at zero. */
  readonly deployedBytecode: `0x${string}`;
  /** Where each immutable stands in it: offsets of words of 32 bytes. */
  readonly immutables: Readonly<Record<string, readonly number[]>>;
}

/** `contracts/artifacts.json`, made by `npm run contracts`; a test compiles again and compares. */
export interface Artifacts {
  readonly compiler: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly contracts: Readonly<Record<string, Artifact>>;
}

/** Reads one contract's artifact. Only a deployment needs it, so it is not kept. */
export function readArtifact(name: ContractName): Artifact {
  const file = new URL('../../contracts/artifacts.json', import.meta.url);
  const artifact = (JSON.parse(readFileSync(file, 'utf8')) as Artifacts).contracts[name];
  if (artifact === undefined) throw new Error(`contracts/artifacts.json has no ${name}`);
  return artifact;
}

/** The code of a contract as it stands on the chain once its constructor has set its immutables to these addresses. */
export function codeOnChain(name: ContractName, immutables: Readonly<Record<string, NodeId>> = {}): Uint8Array {
  const artifact = readArtifact(name);
  const code = Uint8Array.from(Buffer.from(artifact.deployedBytecode.slice(2), 'hex'));
  for (const [variable, offsets] of Object.entries(artifact.immutables)) {
    const address = immutables[variable];
    if (address === undefined) throw new Error(`${name} needs its ${variable}`);
    for (const offset of offsets) code.set(Buffer.from(address.slice(2), 'hex'), offset + WORD_BYTES - ADDRESS_BYTES);
  }
  return code;
}
