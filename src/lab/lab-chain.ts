import { loadChannelEncoding } from '../chain/channel-encoding.ts';
import { createDevChain, type DevChain } from '../chain/dev-chain.ts';
import { serveDevChain } from '../chain/dev-chain-server.ts';
import { COIN } from '../chain/encoding.ts';
import type { Hex } from '../chain/json-rpc.ts';
import type { NodeId } from '../core/node-id.ts';
import { LAB_CHAIN_ID, LAB_COIN_WEI } from './folder.ts';

/** The chain of the lab: in this process, reached by the nodes over JSON-RPC, gone with the lab. */
export interface LabChain {
  readonly url: string;
  readonly factory: NodeId;
  /** Coin of an account. */
  balance(address: NodeId): Promise<bigint>;
  /** Coin of every chequebook that `issuer` ever made, by what the factory logged and not by what a node says. */
  chequebookCoin(issuer: NodeId): Promise<bigint>;
  /** What the transactions of each sender cost, over all blocks. */
  gasBySender(): Promise<Map<NodeId, bigint>>;
  /** Every plain payment of coin, over all blocks. */
  payments(): Promise<LabPayment[]>;
  /** What was paid in every channel that is closed, each way by itself. */
  channelPayments(): Promise<LabPayment[]>;
  close(): Promise<void>;
}

/** Starts the chain with equal coin for every account, and blocks every so often besides those of transactions; 0 none. Throws `CHAIN_EMBEDDED_UNAVAILABLE`, `LISTEN_FAILED`. */
export async function startLabChain(accounts: Iterable<NodeId>, blockMs: number): Promise<LabChain> {
  const funded = new Map([...accounts].map((each) => [each, LAB_COIN_WEI]));
  const chain = await createDevChain({ chainId: LAB_CHAIN_ID, funded, intervalMs: blockMs });
  const server = await serveDevChain({ chain, port: 0 });
  const balance = async (address: NodeId): Promise<bigint> =>
    BigInt((await ask(chain, 'eth_getBalance', [address, 'latest'])) as string);
  return {
    url: server.url,
    factory: chain.factory,
    balance,
    async chequebookCoin(issuer) {
      let coin = 0n;
      for (const chequebook of await chequebooksOf(chain, issuer)) coin += await balance(chequebook);
      return coin;
    },
    gasBySender: () => gasBySender(chain),
    payments: () => payments(chain),
    channelPayments: () => channelPayments(chain),
    async close() {
      await server.close();
      chain.close();
    },
  };
}

export interface LabPayment {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly wei: bigint;
}

interface Log {
  readonly topics: readonly string[];
}

interface Block {
  readonly transactions: readonly {
    readonly hash: string;
    readonly from: string;
    readonly to: string | null;
    readonly value: string;
    readonly input: string;
  }[];
}

interface Receipt {
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
}

async function ask(chain: DevChain, method: string, params: readonly unknown[]): Promise<unknown> {
  const outcome = await chain.request(method, params);
  if ('error' in outcome) throw new Error(`${method}: ${outcome.error.message}`);
  return outcome.result;
}

/** ChequebookDeployed(chequebook, owner, issuer, …), the first three indexed; a channel's event has its second party there. */
async function chequebooksOf(chain: DevChain, issuer: NodeId): Promise<NodeId[]> {
  const word = `0x${issuer.slice(2).padStart(64, '0')}`;
  const filter = { fromBlock: '0x0', toBlock: 'latest', address: chain.factory, topics: [null, null, null, word] };
  const logs = (await ask(chain, 'eth_getLogs', [filter])) as Log[];
  return logs.map(({ topics }) => `0x${(topics[1] ?? '').slice(-40)}`);
}

async function gasBySender(chain: DevChain): Promise<Map<NodeId, bigint>> {
  const gas = new Map<NodeId, bigint>();
  const height = Number(await ask(chain, 'eth_blockNumber', []));
  for (let number = 0; number <= height; number += 1) {
    const block = (await ask(chain, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, true])) as Block;
    for (const { hash, from } of block.transactions) {
      const receipt = (await ask(chain, 'eth_getTransactionReceipt', [hash])) as Receipt;
      const cost = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
      gas.set(from.toLowerCase(), (gas.get(from.toLowerCase()) ?? 0n) + cost);
    }
  }
  return gas;
}

async function payments(chain: DevChain): Promise<LabPayment[]> {
  const found: LabPayment[] = [];
  const height = Number(await ask(chain, 'eth_blockNumber', []));
  for (let number = 0; number <= height; number += 1) {
    const block = (await ask(chain, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, true])) as Block;
    for (const { from, to, value, input } of block.transactions) {
      if (to !== null && input === '0x')
        found.push({ from: from.toLowerCase(), to: to.toLowerCase(), wei: BigInt(value) });
    }
  }
  return found;
}

/** By what the factory logged of every channel it made, and by the totals the channels hold. */
async function channelPayments(chain: DevChain): Promise<LabPayment[]> {
  const encoding = await loadChannelEncoding();
  const filter = { fromBlock: '0x0', toBlock: 'latest', address: chain.factory };
  const logs = (await ask(chain, 'eth_getLogs', [filter])) as Log[];
  const found: LabPayment[] = [];
  for (const { topics } of logs) {
    const call = { to: chain.factory, data: encoding.facts(`0x${(topics[1] ?? '').slice(-40)}`) };
    const facts = encoding.readFacts((await ask(chain, 'eth_call', [call, 'latest'])) as Hex, COIN);
    if (facts?.fromFactory !== true || !facts.closed) continue;
    const { a, b } = facts.parties;
    found.push(
      { from: a.payee, to: b.payee, wei: facts.a.paidWei },
      { from: b.payee, to: a.payee, wei: facts.b.paidWei },
    );
  }
  return found.filter(({ wei }) => wei > 0n);
}
