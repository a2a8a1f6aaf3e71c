import { createRequire } from 'node:module';

type Utils = typeof import('viem/utils');
type Name = keyof typeof FILES | 'parseAbi';

/** What is used of viem. */
export type Viem = Pick<Utils, Name>;

/** Where viem keeps it, beside the index of `viem/utils`; its version is pinned, and a test loads every part. */
const FILES = {
  encodeFunctionData: 'abi/encodeFunctionData.js',
  decodeFunctionResult: 'abi/decodeFunctionResult.js',
  decodeEventLog: 'abi/decodeEventLog.js',
  encodeEventTopics: 'abi/encodeEventTopics.js',
  decodeErrorResult: 'abi/decodeErrorResult.js',
  serializeTransaction: 'transaction/serializeTransaction.js',
  keccak256: 'hash/keccak256.js',
} as const;

/**
 * Loads these parts of viem and no others: 2 MB of memory for as long as the node runs, where `viem/utils` as a whole
 * takes 9. Modules are kept by the runtime, so a second call is free.
 */
export async function loadViem(): Promise<Viem> {
  const index = import.meta.resolve('viem/utils');
  const parts: Partial<Record<Name, unknown>> = {};
  // viem hands it on from a package of its own
  const viemsOwn = createRequire(index);
  parts.parseAbi = (viemsOwn('abitype') as Viem).parseAbi;
  for (const [name, file] of Object.entries(FILES)) {
    const module = (await import(new URL(file, index).href)) as Record<string, unknown>;
    parts[name as Name] = module[name];
  }
  return parts as Viem;
}
