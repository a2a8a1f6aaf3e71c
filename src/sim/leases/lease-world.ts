import { LEASE_MS } from '../../core/settlement/credit-lease.ts';
import { Coverage } from '../coverage.ts';
import { SeededRandom } from '../seeded-random.ts';
import { BrokenRule } from '../watch/broken-rule.ts';
import { CreditServer, type Order } from './credit-server.ts';
import { LeaseHolder } from './lease-holder.ts';

export interface LeaseWorldOptions {
  readonly seed: number | string;
  readonly steps: number;
}

export interface LeaseOutcome {
  readonly broken: BrokenRule | undefined;
  readonly coverage: Coverage;
  readonly sentWei: bigint;
}

/** A process, what it is doing, and until when it stands still. */
interface Process {
  readonly holder: LeaseHolder;
  task: Iterator<void, string> | undefined;
  stillUntilMs: number;
}

const BENEFICIARIES = ['w', 'x', 'y'];
/** The clock of the server is set by so much at the most. Milliseconds. */
const JUMP_MS = 4 * LEASE_MS;
/** Between two steps at the most, milliseconds: a lease lasts for many. */
const STEP_MS = 400;
/** Where nothing goes wrong any more a payment takes fewer. */
const MOST_STEPS_OF_A_PAYMENT = 1_000;

/**
 * Nodes of one operator that pay from one chequebook: each a process or two, killed while it holds a lease, standing still
 * while a successor takes its seat, with answers that get lost and a server whose clock is set. After every step never more
 * has left than the chequebook holds; at the end what the dead held is paid by the living, to the last wei.
 */
export function runLeases({ seed, steps }: LeaseWorldOptions): LeaseOutcome {
  return new LeaseWorld(seed).run(steps);
}

class LeaseWorld {
  readonly #random: SeededRandom;
  readonly #coverage = new Coverage();
  readonly #nodes: readonly string[];
  readonly #server: CreditServer;
  readonly #processes: Process[] = [];
  /** What has left, by own sums: the highest cheque of each beneficiary, and all amounts. */
  readonly #highest = new Map<string, bigint>();
  readonly #seen = new Set<string>();
  #sumWei = 0n;
  /** When each node last drew or issued, as far as it changed its row. */
  readonly #usedMs = new Map<string, number>();
  readonly #rows = new Map<string, string>();
  #nowMs = 0;
  #jumpMs = 0;
  #jumped = false;
  #calm = false;

  constructor(seed: number | string) {
    this.#random = new SeededRandom(`leases ${seed}`);
    this.#nodes = ['a', 'b', 'c', 'd'].slice(0, this.#random.between(2, 4));
    const capacityWei = BigInt(this.#random.between(50, 5_000));
    const reservedWei = BigInt(this.#random.below(Number(capacityWei) / 2));
    this.#server = new CreditServer({ capacityWei, reservedWei }, (node) => this.#reclaimed(node));
    for (const node of this.#nodes) this.#begin(node);
  }

  run(steps: number): LeaseOutcome {
    let broken: BrokenRule | undefined;
    try {
      for (let step = 0; step < steps; step += 1) {
        this.#happen();
        this.#look();
      }
      this.#drain();
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      broken = error;
    }
    return { broken, coverage: this.#coverage, sentWei: this.#sumWei };
  }

  #begin(node: string): Process {
    const holder = new LeaseHolder(node, {
      server: this.#server,
      nowMs: () => this.#nowMs + this.#jumpMs,
      lost: () => !this.#calm && this.#random.chance(0.05),
      left: (order) => this.#left(order),
      count: (what) => this.#coverage.count(what),
    });
    const process = { holder, task: undefined, stillUntilMs: 0 };
    this.#processes.push(process);
    return process;
  }

  /** One thing: a process goes on by a step, or something befalls one. */
  #happen(): void {
    const random = this.#random;
    this.#nowMs += random.below(STEP_MS);
    const process = random.pick(this.#processes);
    const fate = random.below(400);
    if (fate === 0) this.#kill(process);
    else if (fate === 1) this.#stand(process);
    else if (fate === 2) this.#setClock();
    else if (fate === 3) this.#deposit();
    else if (this.#nowMs >= process.stillUntilMs) this.#goOn(process);
  }

  #goOn(process: Process): void {
    const { holder } = process;
    process.task ??= this.#random.chance(0.02)
      ? holder.stop()
      : holder.pay(this.#random.pick(BENEFICIARIES), BigInt(this.#random.between(1, 40)));
    const { done, value } = process.task.next();
    if (done !== true) return;
    process.task = undefined;
    this.#coverage.count(`lease.${value}`);
    // It is not heard any more, and ends.
    if (value === 'fenced') this.#end(process);
  }

  #kill(process: Process): void {
    this.#coverage.count('lease.killed');
    this.#end(process);
  }

  #end(process: Process): void {
    this.#processes.splice(this.#processes.indexOf(process), 1);
    const { node } = process.holder.seat;
    if (!this.#processes.some(({ holder }) => holder.seat.node === node)) this.#begin(node);
  }

  /** It stands still for long, with whatever it was doing; a successor takes its seat meanwhile. */
  #stand(process: Process): void {
    this.#coverage.count('lease.stood-still');
    process.stillUntilMs = this.#nowMs + this.#random.below(2 * LEASE_MS);
    if (this.#random.chance(0.5)) this.#begin(process.holder.seat.node);
  }

  #setClock(): void {
    this.#coverage.count('lease.clock-set');
    this.#jumpMs += this.#random.between(-JUMP_MS, JUMP_MS);
    this.#jumped = true;
  }

  #deposit(): void {
    const { pool } = this.#server;
    this.#server.pool = { ...pool, capacityWei: pool.capacityWei + BigInt(this.#random.below(500)) };
  }

  /** A cheque leaves: it says more than any before it to that beneficiary, by what it is for. */
  #left({ beneficiary, cumulativeWei, wei }: Order): void {
    const key = `${beneficiary} ${cumulativeWei}`;
    if (this.#seen.has(key)) throw new BrokenRule('lease-once', `two cheques over ${key}`);
    this.#seen.add(key);
    this.#sumWei += wei;
    const before = this.#highest.get(beneficiary) ?? 0n;
    if (cumulativeWei > before) this.#highest.set(beneficiary, cumulativeWei);
  }

  #reclaimed(node: string): void {
    this.#coverage.count('lease.reclaimed');
    const unusedMs = this.#nowMs - (this.#usedMs.get(node) ?? 0);
    if (!this.#jumped && unusedMs < LEASE_MS)
      throw new BrokenRule('lease-lasts', `${node} used its lease ${unusedMs} ms ago, and it was taken back`);
  }

  #look(): void {
    const { leases, pool } = this.#server;
    let granted = 0n;
    for (const [node, { grantedWei, issuedWei }] of leases) {
      if (issuedWei < 0n || issuedWei > grantedWei)
        throw new BrokenRule('lease-covers', `${node} issued ${issuedWei} of ${grantedWei}`);
      granted += grantedWei;
      const row = `${grantedWei} ${issuedWei}`;
      if (this.#rows.get(node) !== row) this.#usedMs.set(node, this.#nowMs);
      this.#rows.set(node, row);
    }
    if (granted !== pool.committedWei)
      throw new BrokenRule('lease-sums', `committed ${pool.committedWei}, granted ${granted}`);
    const promised = [...this.#highest.values()].reduce((sum, wei) => sum + wei, 0n);
    const most = pool.capacityWei - pool.reservedWei;
    if (granted > most || promised > most || this.#sumWei > promised)
      throw new BrokenRule(
        'lease-overspent',
        `${granted} wei granted, ${promised} promised, ${this.#sumWei} sent, of ${most}`,
      );
  }

  /** All die with what they hold. Later one node comes back alone, and pays everything that is left, wei by wei if need be. */
  #drain(): void {
    this.#calm = true;
    this.#processes.length = 0;
    this.#nowMs += JUMP_MS * this.#coverage.of('lease.clock-set') + LEASE_MS;
    this.#jumped = true;
    const { holder } = this.#begin(this.#nodes[0] as string);
    for (let wei = 1n << 12n; wei > 0n; wei /= 2n) while (this.#payAll(holder, wei) === 'paid') this.#look();
    const { capacityWei, reservedWei } = this.#server.pool;
    const promised = BENEFICIARIES.reduce((sum, each) => sum + this.#server.totalTo(each), 0n);
    if (promised !== capacityWei - reservedWei)
      throw new BrokenRule(
        'lease-all-used',
        `${promised} wei are promised at the end, of ${capacityWei - reservedWei}`,
      );
  }

  #payAll(holder: LeaseHolder, wei: bigint): string {
    const task = holder.pay('w', wei);
    for (let step = 0; step < MOST_STEPS_OF_A_PAYMENT; step += 1) {
      const { done, value } = task.next();
      if (done === true) return value;
    }
    throw new BrokenRule('lease-all-used', 'a node that is alone goes round and round');
  }
}
