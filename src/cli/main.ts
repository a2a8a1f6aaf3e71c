import { runCli } from './run-cli.ts';
import { processTerminal } from './terminal.ts';

/** A command that is done should not hang on a forgotten handle. */
const LINGER_MS = 2_000;

/**
 * Small buffers are cut from slabs of this size, 64 KiB if nobody says otherwise, and whoever keeps one of a few bytes
 * keeps its slab: 40 kB a neighbour.
 */
Buffer.poolSize = 4096;

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), LINGER_MS).unref();
