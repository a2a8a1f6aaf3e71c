import { join } from 'node:path';
import { Command } from 'commander';
import { startApi } from '../api/server.ts';
import { signatureBackend } from '../chain/signer.ts';
import { createNode } from '../node/create-node.ts';
import { loadConfig } from '../node/load-config.ts';
import type { NodeStatus } from '../node/node.ts';
import { collectAtRest, ownHeap } from './collect-at-rest.ts';
import { ACCESS_NAME, configFile, configOption } from './node-folder.ts';
import { openNodeLog } from './node-log.ts';
import { openPorts } from './open-ports.ts';
import { asTyped, sameNode } from './program-name.ts';
import type { CommandContext } from './terminal.ts';
import { unlockIssuer, unlockNode } from './unlock-key.ts';

interface UpOptions {
  readonly config: string;
  readonly verbose?: boolean;
}

/** `wayleave up` */
export function upCommand(context: CommandContext): Command {
  return new Command('up')
    .description(
      'Runs a node until Ctrl-C, SIGTERM, or POST /v1/stop at its API. It waits for transactions under way, and says so ' +
        'where that takes long; a second signal does not wait, and the next start takes them up.',
    )
    .addOption(configOption())
    .option('--verbose', 'also show charges and streams')
    .option('--json', 'one JSON line per event (as when the output is not a terminal)')
    .action((options: UpOptions) => up(options, context));
}

async function up(options: UpOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const config = loadConfig(configFile(options.config, terminal.folder));
  const log = openNodeLog(context, options.verbose === true);
  const signer = await unlockNode(config, terminal);
  const issuer = await unlockIssuer(config, terminal);
  const { promise: asked, resolve: ask } = Promise.withResolvers<string>();
  // What was opened last is closed first, whatever fails on the way.
  await using opened = new AsyncDisposableStack();
  opened.defer(stopOnSignals(ask));
  const ports = opened.use(await openPorts(config, signer));
  const node = await createNode({ config, signer, issuer, ports });
  opened.defer(() => node.stop((transactions) => log.say('waiting', { transactions }, waitingLine(transactions))));
  opened.defer(log.follow(node));
  const api = await startApi({
    node,
    ...config.api,
    tokenFile: join(config.folder, ACCESS_NAME),
    actions: { backup: (path) => ports.store.backup(path), stop: () => ask('the API') },
    fault: (error) => log.say('defect', { what: String(error) }, `defect in the API: ${String(error)}`),
  });
  opened.defer(() => api.close());
  opened.defer(collectAtRest(ports.clock, ownHeap));
  const status = node.status();
  const { id, name, listen, socks, httpProxy } = status;
  log.say(
    'up',
    { id, name, listen, socks, httpProxy, api: api.url, pid: api.pid },
    banner(status, api.url, asTyped(`wayleave status${sameNode(options)}`, terminal)),
  );
  if (signatureBackend() === 'javascript')
    log.say('warning', {}, 'Signatures run in JavaScript, about 28 times slower.');
  const by = await asked;
  log.say('down', { by }, `Stopping (${by}); once more to stop at once.`);
}

/** A first signal asks to stop; a second one does not wait. Returns what lets go of them again. */
function stopOnSignals(ask: (by: string) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let signalled = false;
  const heard = (signal: string): void => {
    // The journal is written as it goes: leaving at once loses nothing that was promised.
    if (signalled) process.exit(1);
    signalled = true;
    ask(signal);
  };
  for (const signal of signals) process.on(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}

/** A transaction that left is mined without the node, too: it waits only to write down what became of it. */
function waitingLine(transactions: readonly string[]): string {
  const [hash] = transactions;
  const what =
    hash === undefined
      ? 'the chain to answer'
      : `${transactions.length === 1 ? 'a transaction' : `${transactions.length} transactions`} to be mined (${hash})`;
  return `Waiting for ${what}; once more to stop without. The next start takes it up.`;
}

function banner(status: NodeStatus, api: string, look: string): string {
  const proxy = status.socks ?? status.httpProxy;
  return [
    `${status.name} is up: ${status.id}${status.mode === 'observe' ? ' (observing, nothing is enforced)' : ''}`,
    `  links at ${status.listen}   ${proxy === undefined ? 'no proxy' : `proxy at ${proxy}`}   API at ${api}`,
    `  Ctrl-C stops it; ${look} shows its links.`,
  ].join('\n');
}
