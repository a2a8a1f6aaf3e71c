import { runCli } from './run-cli.ts';
import { processTerminal } from './terminal.ts';

/** A command that is done should not hang on a forgotten handle. */
const LINGER_MS = 2_000;

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), LINGER_MS).unref();
