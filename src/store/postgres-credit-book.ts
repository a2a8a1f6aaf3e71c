import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { adviseDraw, type CreditLease, drawsAhead, leftWei, NO_LEASE } from '../core/settlement/credit-lease.ts';
import type { ChequebookFunds, ChequeOrder, CreditBook, CreditStanding } from './credit-book.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import * as sql from './postgres-credit-sql.ts';
import { brokeConstraint } from './postgres-fault.ts';
import type { GroupHead } from './postgres-group.ts';
import type { Job, JobSource, PostgresWriter } from './postgres-writer.ts';
import type { IssuedChequeRecord } from './store.ts';

/** Cheques in one group. Each is signed while the others wait, some 50 µs: this thread must get back to its links. */
const MAX_GROUP_CHEQUES = 128;

interface Pending {
  readonly order: ChequeOrder;
  readonly atMs: number;
  readonly resolve: (record: IssuedChequeRecord) => void;
  readonly reject: (error: Error) => void;
}

interface Written extends Pending {
  readonly record: IssuedChequeRecord;
  readonly wei: bigint;
}

/** This node's lease as the last answer told it. Others may have taken back what is left since; issuing then says so. */
interface Held {
  lease: CreditLease;
  lastDrawWei: bigint;
}

interface Task {
  readonly job: Job;
  readonly atMs: number;
}

const keyOf = ({ chequebook, beneficiary }: { chequebook: NodeId; beneficiary: NodeId }) =>
  `${chequebook} ${beneficiary}`;

/** The credit book on a server. Its statements go out on the connection of the node's store, in turns with that. */
export class PostgresCreditBook implements CreditBook, JobSource {
  readonly #writer: PostgresWriter;
  readonly #leaseMs: number;
  readonly #held = new Map<NodeId, Held>();
  /** The total of each beneficiary as last seen. Another node may have gone on from there; issuing then says so. */
  readonly #totals = new Map<string, bigint>();
  readonly #tasks: Task[] = [];
  #orders: Pending[] = [];

  constructor(writer: PostgresWriter, leaseMs: number) {
    this.#writer = writer;
    this.#leaseMs = leaseMs;
    writer.serve(this);
  }

  async fund(chequebook: NodeId, funds: ChequebookFunds): Promise<void> {
    await this.#task((connection, head) =>
      connection.transact(async () => {
        await connection.run(sql.fundStatement(head, chequebook, funds));
        await connection.run(sql.adoptStatement(head, chequebook));
      }),
    );
    this.#totals.clear();
  }

  async draw(chequebook: NodeId, wei: bigint): Promise<CreditLease> {
    return this.#task((connection, head) => this.#draw({ connection, head, chequebook }, wei, wei));
  }

  async issue(order: ChequeOrder): Promise<IssuedChequeRecord> {
    this.#refuseIfEnded();
    if (order.wei <= 0n) throw new WayleaveError('AMOUNT_INVALID', { wei: order.wei });
    const { promise, resolve, reject } = Promise.withResolvers<IssuedChequeRecord>();
    this.#orders.push({ order, atMs: this.#writer.clock.nowMs(), resolve, reject });
    this.#writer.wake();
    return promise;
  }

  async adopt(cheque: Parameters<CreditBook['adopt']>[0]): Promise<void> {
    const { chequebook } = cheque;
    await this.#task(async (connection, head) => {
      const [book] = await connection.run(sql.adoptOneStatement(head, cheque));
      if (book !== undefined) return;
      await requireSeat(connection, head);
      throw new WayleaveError('CHEQUEBOOK_MISSING', { chequebook });
    });
    this.#totals.delete(keyOf(cheque));
  }

  async giveBack(chequebook: NodeId): Promise<void> {
    await this.#task((connection, head) => connection.run(sql.giveBackStatement(head, chequebook)));
    this.#held.delete(chequebook);
  }

  /** Gives back every lease this process has drawn. */
  async giveBackAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((chequebook) => this.giveBack(chequebook)));
  }

  async standing(chequebook: NodeId): Promise<CreditStanding | undefined> {
    return this.#task((connection) => readStanding(connection, chequebook));
  }

  #refuseIfEnded(): void {
    if (this.#writer.ended !== undefined) throw this.#writer.ended;
  }

  async #task<Result>(work: (connection: PostgresConnection, head: GroupHead) => Promise<Result>): Promise<Result> {
    this.#refuseIfEnded();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const run: Job['run'] = async (connection, head) => resolve(await work(connection, head));
    this.#tasks.push({ job: { run, failed: reject }, atMs: this.#writer.clock.nowMs() });
    this.#writer.wake();
    return promise;
  }

  next(): Job | undefined {
    const [first] = this.#orders;
    return this.#tasks.shift()?.job ?? (first === undefined ? this.#drawAhead() : this.#issueOrDraw(first));
  }

  /** All orders that the lease covers and that do not wait for one before them; else a draw for the first. */
  #issueOrDraw({ order: { chequebook, wei } }: Pending): Job {
    const left = leftWei(this.#held.get(chequebook)?.lease ?? NO_LEASE);
    if (left < wei) return this.#drawFor(chequebook, wei);
    const taken: Pending[] = [];
    const busy = new Set<string>();
    let sum = 0n;
    this.#orders = this.#orders.filter((pending) => {
      const { order } = pending;
      const key = keyOf(order);
      const fits = order.chequebook === chequebook && taken.length < MAX_GROUP_CHEQUES && sum + order.wei <= left;
      const takes = fits && !busy.has(key);
      // Whoever stays holds back what comes later for the same beneficiary.
      busy.add(key);
      if (!takes) return true;
      sum += order.wei;
      taken.push(pending);
      return false;
    });
    return this.#issueJob(taken);
  }

  #drawFor(chequebook: NodeId, wei: bigint): Job {
    const waiting = this.#orders.reduce(
      (sum, { order }) => (order.chequebook === chequebook ? sum + order.wei : sum),
      0n,
    );
    return {
      run: async (connection, head) => void (await this.#draw({ connection, head, chequebook }, wei, waiting)),
      failed: (error) => this.#refuseFirst(chequebook, error),
    };
  }

  #refuseFirst(chequebook: NodeId, error: Error): void {
    const index = this.#orders.findIndex(({ order }) => order.chequebook === chequebook);
    const [refused] = index < 0 ? [] : this.#orders.splice(index, 1);
    refused?.reject(error);
  }

  #drawAhead(): Job | undefined {
    for (const [chequebook, held] of this.#held) {
      if (!drawsAhead(held.lease, held.lastDrawWei)) continue;
      // Only once: if it fails, the order that needs it will tell.
      held.lastDrawWei = 0n;
      const wei = leftWei(held.lease) + 1n;
      return {
        run: async (connection, head) => void (await this.#draw({ connection, head, chequebook }, wei, wei)),
        failed: () => {},
      };
    }
    return undefined;
  }

  /** Room for `leastWei`, better for `aimWei`. Takes back what ran out before it refuses. */
  async #draw(
    { connection, head, chequebook }: { connection: PostgresConnection; head: GroupHead; chequebook: NodeId },
    leastWei: bigint,
    aimWei: bigint,
  ): Promise<CreditLease> {
    for (let reclaimed = false; ; ) {
      const standing = await readStanding(connection, chequebook);
      if (standing === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING', { chequebook });
      const lease = standing.leases.find(({ node }) => node === head.node) ?? NO_LEASE;
      const lastDrawWei = this.#held.get(chequebook)?.lastDrawWei ?? 0n;
      this.#held.set(chequebook, { lease, lastDrawWei });
      const advice = adviseDraw(standing, lease, leastWei);
      if (advice.kind === 'enough') return lease;
      if (advice.kind === 'draw') {
        const more = aimWei - leftWei(lease);
        const want = { ...advice, aimWei: more > advice.aimWei ? more : advice.aimWei, leaseMs: this.#leaseMs };
        const [row] = await connection.run(sql.drawStatement(head, chequebook, want));
        if (row !== undefined) return this.#drawn(chequebook, row);
        // Somebody was quicker, or the seat is gone; the next look tells.
        await requireSeat(connection, head);
      } else if (reclaimed) {
        throw new WayleaveError('CHEQUEBOOK_EMPTY', { chequebook, missingWei: advice.missingWei });
      } else {
        reclaimed = true;
        await connection.run(sql.reclaimStatement(head, chequebook));
      }
    }
  }

  #drawn(chequebook: NodeId, [granted, issued, expiresMs, by]: readonly unknown[]): CreditLease {
    const lease = { grantedWei: sql.weiOf(granted), issuedWei: sql.weiOf(issued), expiresMs: Number(expiresMs) };
    this.#held.set(chequebook, { lease, lastDrawWei: sql.weiOf(by) });
    return lease;
  }

  #issueJob(taken: readonly Pending[]): Job {
    let written: Written[] = [];
    return {
      run: async (connection, head) => {
        await this.#learnTotals(connection, taken);
        written = taken.flatMap((pending) => this.#write(pending));
        if (written.length === 0) return;
        try {
          const rows = await connection.run(sql.issueStatement(head, written, this.#leaseMs));
          if (rows.length === 0) throw new WayleaveError('STORE_FENCED', { fence: head.fence });
          this.#issued(written, new Set(rows.map((row) => row.join(' '))));
        } catch (error) {
          if (!brokeConstraint(error, 'lease_covers')) throw error;
          // What was left has been taken back: draw anew.
          this.#again(written);
        }
      },
      landed: async (connection) => {
        const own = sql.ownChequesStatement(
          this.#writer.seat.node,
          written.map(({ order }) => order),
        );
        const found = new Set((await connection.run(own)).map((row) => row.join(' ')));
        const done = written.filter(({ order, record }) => found.has(`${keyOf(order)} ${record.cumulative}`));
        this.#issued(written, new Set(done.map(({ order }) => keyOf(order))));
      },
      failed: (error) => {
        for (const { reject } of taken) reject(error);
      },
    };
  }

  async #learnTotals(connection: PostgresConnection, taken: readonly Pending[]): Promise<void> {
    const unknown = taken.map(({ order }) => order).filter((order) => !this.#totals.has(keyOf(order)));
    if (unknown.length === 0) return;
    for (const order of unknown) this.#totals.set(keyOf(order), 0n);
    for (const [chequebook, beneficiary, cumulative] of await connection.run(sql.totalsStatement(unknown))) {
      this.#totals.set(`${String(chequebook)} ${String(beneficiary)}`, sql.weiOf(cumulative));
    }
  }

  /** Signs one; an order whose cheque cannot be written is refused by itself. */
  #write(pending: Pending): Written[] {
    const { order } = pending;
    try {
      const cumulative = (this.#totals.get(keyOf(order)) ?? 0n) + order.wei;
      const record = order.write(cumulative);
      if (record.cumulative !== cumulative || keyOf(record) !== keyOf(order)) {
        throw new WayleaveError('STORE_RECORD_INVALID', { kind: 'issued', field: 'cumulative' });
      }
      return [{ ...pending, record, wei: order.wei }];
    } catch (error) {
      pending.reject(error as Error);
      return [];
    }
  }

  /** Those that were done are told; for the others another node was quicker. */
  #issued(written: readonly Written[], done: ReadonlySet<string>): void {
    const late: Written[] = [];
    for (const each of written) {
      if (!done.has(keyOf(each.order))) {
        late.push(each);
        continue;
      }
      this.#totals.set(keyOf(each.order), each.record.cumulative);
      const held = this.#held.get(each.order.chequebook);
      if (held !== undefined) held.lease = { ...held.lease, issuedWei: held.lease.issuedWei + each.wei };
      each.resolve(each.record);
    }
    for (const { order } of late) this.#totals.delete(keyOf(order));
    this.#orders.unshift(...late);
  }

  #again(written: readonly Written[]): void {
    for (const { order } of written) {
      this.#held.delete(order.chequebook);
      this.#totals.delete(keyOf(order));
    }
    this.#orders.unshift(...written);
  }

  expire(beforeMs: number, error: WayleaveError): void {
    for (const { job } of takeOut(this.#tasks, ({ atMs }) => atMs < beforeMs)) job.failed(error);
    for (const { reject } of takeOut(this.#orders, ({ atMs }) => atMs < beforeMs)) reject(error);
  }
}

/** Removes and returns what is wanted. */
function takeOut<Item>(list: Item[], wanted: (item: Item) => boolean): Item[] {
  const out = list.filter(wanted);
  const rest = list.filter((item) => !wanted(item));
  list.splice(0, list.length, ...rest);
  return out;
}

async function readStanding(connection: PostgresConnection, chequebook: NodeId): Promise<CreditStanding | undefined> {
  return sql.standingOf(await connection.run(sql.standingStatement(chequebook)));
}

async function requireSeat(connection: PostgresConnection, { node, fence }: GroupHead): Promise<void> {
  const text = 'SELECT 1 FROM nodes WHERE node = $1 AND fence = $2';
  const [row] = await connection.run({ text, values: [node, fence] });
  if (row === undefined) throw new WayleaveError('STORE_FENCED', { fence });
}
