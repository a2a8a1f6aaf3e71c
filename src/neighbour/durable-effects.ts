import type { Signer } from '../chain/signer.ts';
import { isGenuineStatement, signStatement } from '../chain/statement-signing.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { PaymentProof } from '../core/session/message.ts';
import type { SessionEffect, SessionEvent } from '../core/session/session-effect.ts';
import type { Statement } from '../core/statement/statement.ts';
import type { ChequeReturns } from './cheque-returns.ts';
import type { Journal } from './journal.ts';
import type { PaymentDesk } from './payment-desk.ts';
import { statementRecord, termsRecord } from './record-of.ts';

export interface DurableEffectsOptions {
  readonly account: LinkAccount;
  readonly journal: Journal;
  readonly desk: PaymentDesk;
  /** Signs statements; needed where the session makes them. */
  readonly signer?: Signer | undefined;
  readonly returns: ChequeReturns;
  readonly step: (event: SessionEvent) => void;
  /** An effect failed of which nobody waits for the end. */
  readonly failed: (effect: SessionEffect, error: unknown) => void;
}

/** The effects of one neighbour's session that wait for the disk, the chain or a signature, and what the session hears of them. */
export class DurableEffects {
  readonly #options: DurableEffectsOptions;
  readonly #id: NodeId;

  constructor(options: DurableEffectsOptions) {
    this.#options = options;
    this.#id = options.account.neighbour;
  }

  /** Rejects with what the disk, the chain or a rule of the books says. */
  async perform(effect: SessionEffect): Promise<void> {
    const { account, desk, journal, step } = this.#options;
    switch (effect.kind) {
      case 'lease':
        await journal.commit(account);
        return step({ kind: 'leaseDurable' });
      case 'rememberTerms':
        return journal.commit(account, [termsRecord(this.#id, effect.side, effect.terms)]);
      case 'writePayment':
        return this.#writePayment(effect);
      case 'resendPayment':
        return this.#resend(effect);
      case 'voidPayment':
        return this.#void(effect);
      case 'checkPayment': {
        const checked = await desk.check(this.#id, effect.payment);
        if (checked !== undefined) step({ kind: 'paymentChecked', id: effect.payment.id, ...checked });
        return;
      }
      case 'keepPayment':
        await journal.commit(account);
        return step({ kind: 'paymentKept' });
      case 'keepPaid':
        // A crash forgets at most the answer: the payment goes again and is answered again.
        return journal.touch(account);
      case 'keepStatement':
        return this.#keepStatement(effect.statement);
      case 'checkStatement': {
        const { statement } = effect;
        return step({ kind: 'statementChecked', statement, genuine: isGenuineStatement(statement) });
      }
      case 'rememberStatement':
        return journal.commit(account, [statementRecord(this.#id, effect.party, effect.statement)]);
      default:
    }
  }

  async #writePayment(effect: SessionEffect & { kind: 'writePayment' }): Promise<void> {
    const { account, desk, failed, journal, returns, step } = this.#options;
    if (returns.looking !== undefined) await returns.looking;
    // What it pays for is on disk before, and so is the last answer: it is about the payment that this one replaces.
    await journal.commit(account);
    const tell = (proof: PaymentProof): void => step({ ...effect, kind: 'paymentWritten', proof });
    const writing = desk.write(this.#id, effect).then(tell);
    // A transfer waits for the chain, and nothing else of this link for that.
    if (effect.method === 'transfer') return void writing.catch((error: unknown) => failed(effect, error));
    return writing;
  }

  /** A payment that was made before goes again. */
  #resend({ method }: SessionEffect & { kind: 'resendPayment' }): void {
    const last = this.#options.desk.unacknowledged(this.#id, method);
    if (last !== undefined) this.#options.step({ kind: 'paymentWritten', method, ...last });
  }

  /** A payment that was made before is owed again, where it can never count. */
  async #void(effect: SessionEffect & { kind: 'voidPayment' }): Promise<void> {
    const { account, desk, journal, step } = this.#options;
    const voided = await desk.voided(this.#id, effect);
    if (voided === undefined) return;
    journal.owe(account, voided.records);
    const { paidUnits, units } = voided;
    step({ ...effect, kind: 'paymentFailed', units, paidUnits, code: 'CHANNEL_CLOSED' });
    await journal.commit(account);
  }

  async #keepStatement(statement: Statement): Promise<void> {
    const { account, journal, signer, step } = this.#options;
    if (signer === undefined) return;
    const signed = signStatement(signer, statement);
    await journal.commit(account, [statementRecord(this.#id, 'mine', signed)]);
    step({ kind: 'statementKept', statement: signed });
  }
}
