import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Delegation } from '../core/settlement/delegation.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import type { MethodDesk } from '../settle/method-desk.ts';
import { hasTransfers } from '../settle/transfer-notes.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';
import { isChannelAgreement } from '../wire/channel-agreement.ts';
import { ChannelMode } from './channel-mode.ts';
import { ChequeMode } from './cheque-mode.ts';
import type { Channels, ChequebookStatus, Cheques, MethodChoice, SolvencyStatus } from './node.ts';
import { PaymentDesks } from './payment-desks.ts';
import type { ModeOptions, PaymentMode } from './payment-mode.ts';
import { StoredTransactions } from './transaction-log.ts';
import { TransferMode } from './transfer-mode.ts';

export type SettlementOptions = Omit<ModeOptions, 'uncashedUnits'>;

/** Methods that do nothing without a chain at hand. */
const ON_CHAIN: readonly PaymentMethod[] = ['channel', 'transfer'];

/** Nobody pays in tokens. */
const NO_METHOD: readonly PaymentMethod[] = ['barter'];

/** How one node pays and is paid: its modes of payment, each in a file of its own, behind one desk. */
export class Settlement implements MethodChoice {
  /** The desk of every mode. */
  readonly desks: PaymentDesks;
  readonly #cheques: ChequeMode;
  readonly #options: SettlementOptions;
  readonly #channels: ChannelMode | undefined;
  readonly #transactions: StoredTransactions | undefined;
  readonly #modes: Partial<Record<PaymentMethod, PaymentMode>>;
  /** What the operator wants now, of what is configured. */
  #wanted: readonly PaymentMethod[];
  #ready = (): void => undefined;

  /** Throws `SETTLEMENT_NEEDS_CHAIN`. */
  constructor(given: SettlementOptions) {
    const { chain, config } = given;
    this.#options = given;
    this.#wanted = config.methods;
    const stranded = config.methods.find((each) => ON_CHAIN.includes(each));
    if (config.enabled && chain === undefined && stranded !== undefined) {
      throw new WayleaveError('SETTLEMENT_NEEDS_CHAIN', { method: stranded });
    }
    const options: ModeOptions = { ...given, uncashedUnits: (id) => this.desks.uncashedUnits(id) };
    if (chain !== undefined) chain.told = ({ host, code }) => given.emit('endpoint', { host, code });
    // Also where cheques are not taken any more: those that were are still worth cashing.
    this.#cheques = new ChequeMode(options);
    // The same for channels: one that stands is watched whatever is configured now.
    const channels = chain?.channels;
    this.#channels = channels === undefined ? undefined : new ChannelMode(options, channels);
    this.#modes = { cheque: this.#cheques, ...(this.#channels !== undefined && { channel: this.#channels }) };
    if (chain !== undefined) {
      this.#transactions = new StoredTransactions(given.store, given.stored.notes);
      chain.resume(this.#transactions);
      // Also where nobody pays so any more: what is under way is followed, and is not owed a second time.
      const known = hasTransfers(given.stored.notes);
      if (known || config.methods.includes('transfer')) this.#modes.transfer = new TransferMode({ ...options, chain });
    }
    this.desks = new PaymentDesks({
      desks: desksOf(this.#modes),
      isChannel: (neighbour, contract) => this.#channels?.isChannel(neighbour, contract) ?? false,
    });
  }

  /** Where this node's cheques are drawn; undefined until it stands. */
  get chequebook(): NodeId | undefined {
    return this.#cheques.chequebook;
  }

  /** What this node's chequebooks can still promise; undefined where settlement is off. */
  get standing(): readonly ChequebookStatus[] | undefined {
    return this.#options.config.enabled ? this.#cheques.standing : undefined;
  }

  solvencyOf(chequebook: NodeId | undefined): SolvencyStatus | undefined {
    return chequebook === undefined ? undefined : this.#cheques.solvencyOf(chequebook);
  }

  /** By which this node pays from it, where it is its operator's. */
  get delegation(): Delegation | undefined {
    return this.#cheques.delegation;
  }

  /** By what neighbours may pay now. */
  get methods(): readonly PaymentMethod[] {
    const methods = this.#wanted;
    const open = this.#options.config.enabled ? methods.filter((each) => this.#modes[each]?.offered !== false) : [];
    if (open.length === methods.length) return methods;
    return open.length === 0 ? NO_METHOD : open;
  }

  get configured(): readonly PaymentMethod[] {
    return this.#options.config.methods;
  }

  use(methods: readonly PaymentMethod[]): void {
    const missing = methods.find((each) => each !== 'barter' && !this.configured.includes(each));
    if (missing !== undefined) throw new WayleaveError('PAYMENT_METHOD_UNPREPARED', { method: missing });
    this.#wanted = methods;
    this.#ready();
  }

  /** The channel with a neighbour to pay in; undefined until there is one. */
  channelWith(neighbour: NodeId): NodeId | undefined {
    return this.#channels?.with(neighbour);
  }

  /** What the operator does with channels. */
  get channels(): Channels | undefined {
    return this.#channels;
  }

  /** A message of a neighbour, if it is about settlement alone. Throws `WIRE_MALFORMED`. */
  heard(neighbour: NodeId, message: Uint8Array): boolean {
    if (!isChannelAgreement(message)) return false;
    this.#channels?.heard(neighbour, message);
    return true;
  }

  /** Every last cheque taken. */
  received(): readonly ReceivedChequeRecord[] {
    return this.#cheques.received();
  }

  /** Each mode begins; `ready` is called when there is something new to offer. */
  start(ready: () => void): void {
    this.#ready = ready;
    for (const mode of Object.values(this.#modes)) mode.start(ready);
  }

  /** A neighbour's terms came. */
  learn(neighbour: NodeId): void {
    const theirs = this.#options.neighbours().get(neighbour)?.account.theirs.newest;
    if (theirs === undefined) return;
    for (const mode of Object.values(this.#modes)) mode.learn(neighbour, theirs);
  }

  /** A neighbour refused a payment of this node. */
  refused(code: unknown): void {
    if (code === 'CHEQUE_NO_CONTRACT') this.#cheques.missed();
  }

  /** Takes in everything that waits. What became of each cheque. Throws `SETTLEMENT_OFF`. */
  async cashAll(): Promise<readonly CashedCheque[]> {
    const collected: CashedCheque[] = [];
    for (const mode of Object.values(this.#modes)) collected.push(...(await mode.collect()));
    return collected;
  }

  /** What the operator does with cheques and with this node's chequebook. */
  get cheques(): Cheques {
    return this.#cheques;
  }

  /** Transactions of this node that are in no block yet, by hash. */
  get unmined(): readonly string[] {
    return this.#transactions?.open() ?? [];
  }

  /** Waits for what the modes have begun on the chain. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#modes).map((mode) => mode.stop()));
  }
}

function desksOf(modes: Partial<Record<PaymentMethod, PaymentMode>>): Partial<Record<PaymentMethod, MethodDesk>> {
  return Object.fromEntries(Object.entries(modes).map(([method, { desk }]) => [method, desk]));
}
