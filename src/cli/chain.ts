import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { createDevChain } from '../chain/dev-chain.ts';
import { serveDevChain } from '../chain/dev-chain-server.ts';
import { keystoreId } from '../chain/keystore.ts';
import { createSigner, generateKey } from '../chain/signer.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import { loadConfig } from '../node/load-config.ts';
import { configFile } from './node-folder.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { answer, type CommandContext } from './terminal.ts';

interface ChainOptions {
  readonly port: number;
  readonly blockMs: number;
}

const CHAIN_ID = 31_337;
/** More coin than anybody spends here, 100: of no worth anywhere. */
const COIN_WEI = 10n ** 20n;
const MAX_PORT = 65_535;
const MAX_BLOCK_MS = 60_000;

/** `wayleave chain` */
export function chainCommand(context: CommandContext): Command {
  return new Command('chain')
    .description(
      'Runs a development chain on this machine until Ctrl-C, with the contracts that nodes need and coin for those named ' +
        'here, and prints the lines for their configuration. It is in memory: when it ends all of it is gone.',
    )
    .argument('[node...]', 'who gets coin: data folders made by wayleave init, configurations, or addresses')
    .option('--port <number>', 'where JSON-RPC is answered on 127.0.0.1; 0: any free one', upTo(MAX_PORT), 0)
    .option('--block-ms <ms>', 'time between blocks; 0: blocks come with transactions only', upTo(MAX_BLOCK_MS), 1000)
    .option('--json', 'answer in JSON, in one line')
    .addHelpText('after', '\nIt also makes a key with coin and prints it: for trying things, and for nothing else.')
    .action(async (nodes: readonly string[], { blockMs, port }: ChainOptions) => {
      const accounts = await Promise.all(nodes.map((each) => accountOf(each, context.terminal.folder)));
      const secret = generateKey((count) => randomBytes(count));
      const spare = createSigner(secret).id;
      const funded = new Map([...accounts, spare].map((each) => [each, COIN_WEI]));
      const chain = await createDevChain({ chainId: CHAIN_ID, funded, intervalMs: blockMs });
      const stop = new AbortController();
      const letGo = stopOnSignals(stop);
      try {
        const server = await serveDevChain({ chain, port });
        const { chainId, factory } = chain;
        const lines = tomlLines({ url: server.url, chainId, factory, blockMs });
        const key = { address: spare, secret: `0x${Buffer.from(secret).toString('hex')}` };
        const facts = { rpc: server.url, chainId, factory, blockMs, coinWei: String(COIN_WEI), accounts, key };
        answer(context, { ok: true, ...facts, toml: ['[settlement]', ...lines].join('\n') }, () => [
          // The files that init writes have the heading already, and TOML takes it once.
          '# These lines go below [settlement] in the configuration of each node:',
          ...lines,
          '',
          ...[...accounts].map((each) => `# ${each} has 100 coins`),
          `# ${spare} has 100 coins; its key is ${key.secret}`,
          '# Ctrl-C ends the chain, and with it all that is on it.',
        ]);
        await stopped(stop.signal);
        await server.close();
      } finally {
        letGo();
        chain.close();
      }
    });
}

function tomlLines(chain: { url: string; chainId: number; factory: NodeId; blockMs: number }): string[] {
  const { blockMs, chainId, factory, url } = chain;
  return [
    'enabled = true',
    `rpc = "${url}"`,
    `chain_id = ${chainId}`,
    `factory = "${factory}"`,
    // Where no block comes by itself, none comes to stand on a payment.
    ...(blockMs === 0 ? ['confirmations = 1'] : [`block_ms = ${blockMs}`]),
  ];
}

/** An address as it stands, else whose key a configuration names. */
async function accountOf(node: string, folder: string): Promise<NodeId> {
  const id = node.toLowerCase();
  return isNodeId(id) ? id : await keystoreId(loadConfig(configFile(node, folder)).key.file);
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${most}.`);
  };
}
