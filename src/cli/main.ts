import { runCli } from './run-cli.ts';
import { processTerminal } from './terminal.ts';

/** A command that is done should not hang on a forgotten handle. */
const LINGER_MS = 2_000;

/**
 * Small buffers are cut from slabs of this size, 64 KiB if nobody says otherwise, and whoever keeps one of a few bytes
 * keeps its slab: 40 kB a neighbour.
 */
Buffer.poolSize = 4096;

/** These work for others than who reads what they say: nothing they do depends on whether that can be written. */
const SERVING = new Set(['up', 'watch', 'chain']);

const words = process.argv.slice(2);
const serves = SERVING.has(words.find((word) => !word.startsWith('-')) ?? '');
// Whoever read along has gone (EPIPE), or the disk that the answer goes to is full.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    if (!serves) process.exit(1);
  });

process.exitCode = await runCli(words, processTerminal({ lasting: serves }));
setTimeout(() => process.exit(), LINGER_MS).unref();
