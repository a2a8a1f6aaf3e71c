import type { CashReceipt, Chain } from '../../chain/chain.ts';
import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';

interface Sent {
  readonly cheque: SignedCheque;
  readonly transaction: string;
  readonly resolve: (receipt: CashReceipt) => void;
}

const FACTS = { fromFactory: true, issuer: '', bounced: false, reservedWei: 0n, withdrawalWei: 0n } as const;

/** A chain with nothing on it but chequebooks that are cashed, when the search says so. It outlives every crash. */
export class SmallChain {
  readonly #balanceWei: ReadonlyMap<NodeId, bigint>;
  readonly #receipts = new Map<string, CashReceipt>();
  readonly #paid = new Map<NodeId, bigint>();
  #sent: Sent[] = [];
  asynchronous = false;

  constructor(balanceWei: ReadonlyMap<NodeId, bigint>) {
    this.#balanceWei = balanceWei;
  }

  get waiting(): readonly { readonly transaction: string }[] {
    return this.#sent;
  }

  /** Paid out of a chequebook so far. */
  paidWei(chequebook: NodeId): bigint {
    return this.#paid.get(chequebook) ?? 0n;
  }

  /** The oldest transaction is mined. A dead process is not told; it asks for the outcome later. */
  mine(): void {
    const sent = this.#sent.shift();
    if (sent === undefined) return;
    const { chequebook, cumulativeWei } = sent.cheque;
    const before = this.paidWei(chequebook);
    const wanted = cumulativeWei - before;
    const left = (this.#balanceWei.get(chequebook) ?? 0n) - before;
    const paidWei = wanted < 0n ? 0n : wanted < left ? wanted : left;
    this.#paid.set(chequebook, before + paidWei);
    const receipt = { hash: sent.transaction, gasWei: 1n, paidWei, bounced: paidWei < wanted };
    this.#receipts.set(sent.transaction, receipt);
    this.asynchronous = true;
    sent.resolve(receipt);
  }

  /** The port as one life of a node sees it. */
  port(): Pick<Chain, 'cash' | 'outcome'> & Chain {
    const never = (): Promise<never> => Promise.reject(new WayleaveError('RPC_UNREACHABLE', { url: 'small' }));
    return {
      cash: async (cheque, sent) => {
        const transaction = `${cheque.chequebook} ${cheque.cumulativeWei} ${this.#receipts.size + this.#sent.length}`;
        await sent(transaction);
        this.asynchronous = true;
        return new Promise((resolve) => this.#sent.push({ cheque, transaction, resolve }));
      },
      outcome: (transaction) => Promise.resolve(this.#receipts.get(transaction)),
      chainId: never,
      balance: never,
      chequebook: (address) => {
        const balanceWei = (this.#balanceWei.get(address) ?? 0n) - this.paidWei(address);
        const paidOutWei = this.paidWei(address);
        const sums = { balanceWei, availableWei: balanceWei, paidOutWei, totalPaidOutWei: paidOutWei };
        return Promise.resolve({ ...FACTS, ...sums });
      },
      deployChequebook: never,
      deposit: never,
      cashMany: never,
      administer: never,
      gasPriceWei: () => {
        this.asynchronous = true;
        return never();
      },
      resume: () => {},
      head: never,
      blockHash: never,
      money: never,
      pay: never,
      paid: never,
      incoming: never,
      close: () => Promise.resolve(),
    };
  }
}
