import type { ErrorCode } from '../errors.ts';
import type { AccountRecord } from '../ledger/account-record.ts';
import { Column } from '../ledger/columns.ts';
import { Ledger } from '../ledger/ledger.ts';
import { LinkAccount } from '../ledger/link-account.ts';
import type { SignedStatement, Statement } from '../statement/statement.ts';
import type { Terms } from '../terms/terms.ts';
import { Conduct } from './conduct.ts';
import type { Message } from './message.ts';
import { Session } from './session.ts';
import type { SessionEffect, SessionEvent, SessionNews } from './session-effect.ts';

/** Terms for tests: thresholds in MB's worth at 10,000 units per MB. */
export function termsOf(
  shape: { askPerMb: number | undefined; bidPerMb: number; payAtMb: number; dropAtMb: number } & Partial<Terms>,
): Terms {
  const { askPerMb, bidPerMb, payAtMb, dropAtMb, ...change } = shape;
  return {
    epoch: 1,
    protocolVersion: 1,
    chainId: 31337,
    token: 'native',
    ratio: { numerator: 10n ** 10n, denominator: 1n },
    methods: ['cheque'],
    channel: undefined,
    chequebook: '0x00000000000000000000000000000000000000cc',
    services: {
      transit: { askPerMb, bidPerMb },
      chunks: { askPerMb: undefined, bidPerMb: 0 },
      packets: { askPerMb: undefined, bidPerMb: 0 },
    },
    payAt: payAtMb * 10_000,
    dropAt: dropAtMb * 10_000,
    valueAt: 0,
    settleEveryMs: 0,
    metering: 'data',
    allotment: { bytes: 1_000_000, ms: 1000 },
    priority: { sendingPerMb: 0, receivingPerMb: 0 },
    ...change,
  };
}

/** Both ends of a pair go by the same id: nothing here depends on who is who. */
export const PAIR_ID = '0x0000000000000000000000000000000000000001';

/** One end: a session and its account, with cheques of one wei a unit and a store that remembers what was durable. */
export class Side {
  account: LinkAccount;
  session: Session;
  readonly said: Message[] = [];
  readonly news: SessionNews[] = [];
  outbox: Message[] = [];
  closedWith: ErrorCode | undefined;
  refuseCheques: ErrorCode | undefined;
  cheques = 0;
  durable: AccountRecord | undefined;
  issued = { cumulative: 0n, accepted: 0n, units: 0, id: 0 };
  taken = 0n;
  /** Last statements, as a store keeps them; and what is put in place of what this side would state. */
  stated: { mine?: SignedStatement; theirs?: SignedStatement; disputed?: SignedStatement } = {};
  lie: (statement: Statement) => Statement = (statement) => statement;
  forge = false;
  storeEpoch = 1;
  readonly #terms: Terms;
  readonly #enforce: boolean;
  #epoch = 0;

  constructor(terms: Terms, enforce: boolean) {
    this.#terms = terms;
    this.#enforce = enforce;
    const made = this.#make();
    this.account = made.account;
    this.session = made.session;
  }

  #make(): { account: LinkAccount; session: Session } {
    const account = new LinkAccount({
      ledger: new Ledger(),
      neighbour: PAIR_ID,
      fullRateBytesPerSecond: Number.POSITIVE_INFINITY,
      epochGraceMs: 10_000,
      enforce: this.#enforce,
    });
    if (this.durable !== undefined) account.restore(this.durable, 0);
    const pendingUnits = this.issued.cumulative > this.issued.accepted ? this.issued.units : 0;
    const terms = { ...this.#terms, epoch: this.#terms.epoch + this.#epoch };
    this.#epoch += 1;
    const session = new Session({
      account,
      conduct: new Conduct(),
      terms,
      storeEpoch: this.storeEpoch,
      pending: [{ method: 'cheque', units: pendingUnits, lastPaymentId: this.issued.id }],
      statements: {
        me: PAIR_ID,
        chainId: 31337,
        intervalMs: 60_000,
        mine: this.stated.mine,
        theirs: this.stated.theirs,
      },
    });
    return { account, session };
  }

  /** The process is killed and started again: only what was durable is left. */
  crash(): void {
    const made = this.#make();
    this.account = made.account;
    this.session = made.session;
  }

  step(event: SessionEvent, nowMs: number): void {
    for (const effect of this.session.step(event, nowMs)) this.#perform(effect, nowMs);
    if (this.session.markWanted && this.quiet()) this.step({ kind: 'quiet' }, nowMs);
  }

  /** Nothing waits to leave. */
  quiet: () => boolean = () => true;

  save(): void {
    this.durable = this.account.record(this.account.leaseUnits());
    this.account.durable(this.account.lease.snapshot);
  }

  #perform(effect: SessionEffect, nowMs: number): void {
    switch (effect.kind) {
      case 'send':
        this.said.push(effect.message);
        this.outbox.push(effect.message);
        return;
      case 'lease':
        this.save();
        return this.step({ kind: 'leaseDurable' }, nowMs);
      case 'writePayment': {
        this.save();
        this.cheques += 1;
        const before = this.issued.cumulative > this.issued.accepted ? this.issued.units : 0;
        this.issued = {
          ...this.issued,
          cumulative: this.issued.cumulative + BigInt(effect.units),
          units: before + effect.units,
          id: effect.id,
        };
        return this.#sendCheque(nowMs);
      }
      case 'resendPayment':
        return this.issued.cumulative > this.issued.accepted ? this.#sendCheque(nowMs) : undefined;
      case 'checkPayment': {
        const { id, proof } = effect.payment;
        return this.#check(id, proof.kind === 'cheque' ? proof.cheque.cumulativeWei : 0n, nowMs);
      }
      case 'keepPaid':
        this.issued = { ...this.issued, accepted: effect.acceptedWei };
        return this.save();
      case 'keepPayment':
        this.save();
        return this.step({ kind: 'paymentKept' }, nowMs);
      case 'keepStatement': {
        const statement = { ...this.lie(effect.statement), signature: new Uint8Array(65).fill(this.forge ? 1 : 0) };
        this.stated.mine = statement;
        this.save();
        return this.step({ kind: 'statementKept', statement }, nowMs);
      }
      case 'checkStatement': {
        const { statement } = effect;
        return this.step({ kind: 'statementChecked', statement, genuine: statement.signature[0] === 0 }, nowMs);
      }
      case 'rememberStatement':
        this.stated[effect.party] = effect.statement;
        return this.save();
      case 'close':
        this.closedWith = effect.code;
        return;
      case 'emit':
        this.news.push(effect.event);
        return;
      default:
    }
  }

  #sendCheque(nowMs: number): void {
    const cheque = {
      chequebook: '0x',
      beneficiary: '0x',
      cumulativeWei: this.issued.cumulative,
      signature: new Uint8Array(65),
    };
    const proof = { kind: 'cheque', cheque } as const;
    this.step({ kind: 'paymentWritten', id: this.issued.id, method: 'cheque', proof }, nowMs);
  }

  #check(id: number, cumulative: bigint, nowMs: number): void {
    const code = this.refuseCheques;
    if (code !== undefined) {
      return this.step(
        { kind: 'paymentChecked', id, method: 'cheque', outcome: { accepted: false, code, acceptedWei: this.taken } },
        nowMs,
      );
    }
    const units = Number(cumulative - this.taken);
    this.taken = cumulative;
    this.step(
      {
        kind: 'paymentChecked',
        id,
        method: 'cheque',
        outcome: { accepted: true, units, clearing: units, acceptedWei: cumulative },
      },
      nowMs,
    );
  }

  balance(): number {
    return this.account.ledger.get(this.account.row, Column.balance);
  }
}

/** Two ends of one link with nothing between them but order. */
export class SessionPair {
  readonly left: Side;
  readonly right: Side;
  nowMs = 1000;
  #connected = false;

  constructor(left: Terms, right: Terms, options: { enforce: boolean } = { enforce: true }) {
    this.left = new Side(left, options.enforce);
    this.right = new Side(right, options.enforce);
  }

  connect(): void {
    this.#connected = true;
    this.left.step({ kind: 'linkUp' }, this.nowMs);
    this.right.step({ kind: 'linkUp' }, this.nowMs);
    this.flush();
  }

  /** Carries messages until both ends have nothing to say. */
  flush(): void {
    let more = this.#connected;
    while (more) {
      more = false;
      for (const [from, to] of [
        [this.left, this.right],
        [this.right, this.left],
      ] as const) {
        const batch = from.outbox.splice(0);
        for (const message of batch) to.step({ kind: 'message', message }, this.nowMs);
        more ||= batch.length > 0;
      }
    }
  }

  /** Both sessions look, as they do a moment after a charge; the journal writes. */
  look(): void {
    this.nowMs += 1;
    for (const side of [this.left, this.right]) {
      side.step({ kind: 'tick' }, this.nowMs);
      side.session.sample();
    }
    this.flush();
    if (this.nowMs % 50 === 0) this.journal();
    // Payments are at most ten a second: time passes for the one that waits.
    if (this.left.balance() > 15_000 && this.left.account.enforce) this.nowMs += 100;
  }

  journal(): void {
    this.left.save();
    this.right.save();
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.journal();
    for (const side of [this.left, this.right]) side.step({ kind: 'tick' }, this.nowMs);
    this.flush();
  }

  #cut(): void {
    this.#connected = false;
    for (const side of [this.left, this.right]) {
      side.outbox = [];
      side.step({ kind: 'linkDown' }, this.nowMs);
      side.outbox = [];
    }
  }

  reconnect(): void {
    this.#cut();
    this.connect();
  }

  crash(which: 'left' | 'right'): void {
    this.#cut();
    this[which].crash();
    this.connect();
  }

  /** The seller serves `bytes` that never arrive: the connection will break before it delivers them. */
  serveLost(bytes: number): void {
    const door = this.left.account.door('transit');
    const allowed = door.servable(Math.min(bytes, 65_536), this.nowMs).bytes;
    if (allowed === 0) return;
    door.commit(door.serve(allowed, this.nowMs));
    this.reconnect();
  }

  /** The buyer sends `bytes` under a grant of the seller. */
  upload(bytes: number): void {
    const sell = this.left.account.door('transit');
    const buy = this.right.account.door('transit');
    const granted = sell.reserveForward(Math.min(bytes, 65_536), this.nowMs).bytes;
    const sent = Math.min(granted, buy.usable(granted));
    if (sent > 0) {
      const hold = buy.use(sent);
      sell.arrived(sent, buy.buyEpoch, this.nowMs);
      buy.commit(hold);
    }
    this.look();
  }

  audit(): void {
    for (const { account } of [this.left, this.right]) account.ledger.audit(account.row);
  }

  /** Exact negatives of each other: nothing is in flight here. */
  assertAgreed(): void {
    this.advance(11_000);
    const apart = this.left.balance() + this.right.balance();
    if (apart !== 0) throw new Error(`the two ends differ by ${apart}`);
    this.audit();
  }
}
