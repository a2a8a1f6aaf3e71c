import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Chain, ChequebookFacts, ChequebookOrder } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import { type NodeId, nodeId } from '../core/node-id.ts';
import type { NodeConfig } from '../node/config.ts';
import { loadConfig } from '../node/load-config.ts';
import type { WrittenOrder } from './chequebook.ts';
import { configFile } from './node-folder.ts';
import { openChain } from './open-ports.ts';
import { answer, type CommandContext } from './terminal.ts';
import { unlockKey } from './unlock-key.ts';

interface ByKeyOptions {
  readonly config: string;
  readonly key: string;
  readonly passwordFile?: string;
  readonly insecurePlainKey?: true;
  readonly chequebook?: string;
  readonly owner?: string;
}

/** Has nothing set aside in any chequebook. */
const NOBODY: NodeId = `0x${'0'.repeat(40)}`;

/**
 * What the owner, or the issuer, of a chequebook does with a key that no node holds, straight on the chain. Throws
 * `SETTLEMENT_OFF`, `CHEQUEBOOK_MISSING`, the keystore's errors and the chain's.
 */
export async function chequebookByKey(
  context: CommandContext,
  order: WrittenOrder | undefined,
  options: ByKeyOptions,
): Promise<void> {
  const { folder } = context.terminal;
  const config = loadConfig(configFile(options.config, folder));
  const { insecurePlainKey: insecure = false, passwordFile: file } = options;
  const passwordFile = file === undefined ? undefined : resolve(folder, file);
  const signer = await unlockKey({ path: resolve(folder, options.key), passwordFile, insecure }, context.terminal);
  const chain = await openChain(config, signer);
  if (chain === undefined) throw new WayleaveError('SETTLEMENT_OFF');
  try {
    await act(context, chain, { order, config, options });
  } finally {
    await chain.close();
  }
}

interface Act {
  readonly order: WrittenOrder | undefined;
  readonly config: NodeConfig;
  readonly options: ByKeyOptions;
}

async function act(context: CommandContext, chain: Chain, { config, options, order }: Act): Promise<void> {
  if (order?.kind === 'deploy') {
    const kind = options.owner === undefined ? {} : { owner: nodeId(options.owner) };
    const { address, transaction } = await chain.deployChequebook(BigInt(order.wei ?? 0), kind);
    const done = { ok: true, chequebook: address, transaction: transaction.hash };
    return answer(context, done, () => [`${address} stands, by ${transaction.hash}`]);
  }
  const chequebook = options.chequebook === undefined ? config.settlement.chequebook : nodeId(options.chequebook);
  if (chequebook === undefined) throw new InvalidArgumentError('It needs --chequebook.');
  if (order === undefined) return show(context, chequebook, await chain.chequebook(chequebook, NOBODY));
  const { hash } =
    order.kind === 'deposit'
      ? await chain.deposit(chequebook, BigInt(order.wei ?? 0))
      : await chain.administer(chequebook, orderOf(order));
  answer(context, { ok: true, transaction: hash }, () => [`done by ${hash}`]);
}

/** Throws what Commander takes for wrong usage at what only a node can do with its own. */
function orderOf({ beneficiary = NOBODY, kind, wei = '0' }: WrittenOrder): ChequebookOrder {
  if (kind === 'withdraw') return { kind };
  if (kind === 'announceWithdrawal') return { kind, wei: BigInt(wei) };
  if (kind === 'release') return { kind, beneficiary };
  if (kind === 'reserve' || kind === 'announceRelease') return { kind, beneficiary, wei: BigInt(wei) };
  throw new InvalidArgumentError(`Only a running node can ${kind} its own chequebook: leave out --key.`);
}

function show(context: CommandContext, chequebook: NodeId, facts: ChequebookFacts | undefined): void {
  if (facts === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING', { chequebook });
  const { balanceWei, issuer, totalPaidOutWei, withdrawableAtS, withdrawalWei } = facts;
  const amounts = {
    balanceWei: String(balanceWei),
    paidOutWei: String(totalPaidOutWei),
    withdrawalWei: String(withdrawalWei),
  };
  answer(context, { ok: true, chequebook, issuer, ...amounts, ...(withdrawableAtS && { withdrawableAtS }) }, () => [
    `${chequebook}, cheques signed by ${issuer}`,
    `  holds ${balanceWei}, has paid out ${totalPaidOutWei}, ${withdrawalWei} announced to be withdrawn (wei)`,
  ]);
}
