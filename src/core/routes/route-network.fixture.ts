import { strict as assert } from 'node:assert';
import type { RouteRequest, RouteUpdate } from './route.ts';
import { type RouteEffect, RouteTable } from './route-table.ts';

type Parcel = { from: string; to: string; updates?: readonly RouteUpdate[]; request?: RouteRequest };

/** Some nodes with their routes, and a wire that delivers in any order, or not at all. */
export class RouteNetwork {
  readonly ids: string[];
  readonly tables: RouteTable[];
  readonly links = new Map<string, number>();
  wire: Parcel[] = [];
  nowMs = 0;
  /** Says what it likes, and hears nothing. */
  liar: string | undefined;
  /** Updates and requests that were sent by those who do not lie. */
  sent = 0;

  constructor(count: number) {
    this.ids = Array.from({ length: count }, (_, n) => `0x${String(n).padStart(40, '0')}`);
    this.tables = this.ids.map((self) => new RouteTable({ self, firstSequence: 1 }));
    for (const [n, table] of this.tables.entries()) table.originate(this.ids[n] as string, 0);
  }

  table(id: string): RouteTable {
    return this.tables[this.ids.indexOf(id)] as RouteTable;
  }

  link(a: number, b: number, metric: number): void {
    const [x, y] = [this.ids[a] as string, this.ids[b] as string];
    if (x === y) return;
    this.links.set(key(x, y), metric);
    const toll = { perPacket: metric, perMb: metric * 10 };
    this.#perform(x, this.table(x).linkUp(y, { metric, toll }, this.nowMs));
    this.#perform(y, this.table(y).linkUp(x, { metric, toll }, this.nowMs));
  }

  unlink(a: number, b: number): void {
    const [x, y] = [this.ids[a] as string, this.ids[b] as string];
    if (!this.links.delete(key(x, y))) return;
    this.wire = this.wire.filter(({ from, to }) => key(from, to) !== key(x, y));
    this.#perform(x, this.table(x).linkDown(y, this.nowMs));
    this.#perform(y, this.table(y).linkDown(x, this.nowMs));
  }

  deliver(index: number): void {
    const [parcel] = this.wire.splice(index % Math.max(1, this.wire.length), 1);
    if (parcel === undefined) return;
    const { from, to, updates, request } = parcel;
    if (to === this.liar) return;
    const table = this.table(to);
    if (updates !== undefined) this.#perform(to, table.heard(from, updates, this.nowMs));
    if (request !== undefined) this.#perform(to, table.requested(from, request, this.nowMs));
  }

  lose(index: number): void {
    this.wire.splice(index % Math.max(1, this.wire.length), 1);
  }

  /** A node says something else than its table does. */
  say(from: number, to: number, updates: readonly RouteUpdate[]): void {
    const [x, y] = [this.ids[from] as string, this.ids[to] as string];
    if (this.links.has(key(x, y))) this.wire.push({ from: x, to: y, updates });
  }

  wait(ms: number): void {
    this.nowMs += ms;
    for (const id of this.ids) this.#perform(id, this.table(id).tick(this.nowMs));
  }

  /** Delivers everything in order, as long as there is anything, over `ms` of time in steps of `stepMs`. */
  settle(ms: number, stepMs: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; this.wait(stepMs)) while (this.wire.length > 0) this.deliver(0);
  }

  /** The liar tells its neighbours something. */
  lie(updates: readonly RouteUpdate[], requests: readonly RouteRequest[]): void {
    for (const to of this.ids) {
      if (this.liar === undefined || !this.links.has(key(this.liar, to))) continue;
      this.wire.push({ from: this.liar, to, updates });
      for (const request of requests) this.wire.push({ from: this.liar, to, request });
    }
  }

  #perform(from: string, effects: readonly RouteEffect[]): void {
    if (from === this.liar) return;
    for (const effect of effects) {
      if (effect.kind === 'announce') this.sent += effect.updates.length;
      if (effect.kind === 'request') this.sent += 1;
      if (effect.kind === 'announce') this.wire.push({ from, to: effect.to, updates: effect.updates });
      if (effect.kind === 'request') this.wire.push({ from, to: effect.to, request: effect.request });
      if (this.liar === undefined) assert.notEqual(effect.kind, 'fault');
    }
  }

  /** Follows the chosen neighbours from every node towards every node, or to a liar: no node may be met twice. */
  assertNoLoop(liar = this.liar): void {
    for (const destination of this.ids) {
      for (const start of this.ids) {
        const met = new Set<string>();
        for (let at: string | undefined = start; at !== undefined; at = this.table(at).route(destination)?.via) {
          if (at === liar) break;
          assert.ok(!met.has(at), `loop towards ${destination} at ${at} from ${start}`);
          met.add(at);
        }
      }
    }
  }

  /** Shortest metrics from everywhere, by Floyd and Warshall: nothing in common with the code under test. */
  shortest(): number[][] {
    const { ids } = this;
    const cost = ids.map((x) =>
      ids.map((y) => (x === y ? 0 : (this.links.get(key(x, y)) ?? Number.POSITIVE_INFINITY))),
    );
    const at = (row: number, column: number): number => (cost[row] as number[])[column] as number;
    for (const k of ids.keys())
      for (const i of ids.keys())
        for (const j of ids.keys()) (cost[i] as number[])[j] = Math.min(at(i, j), at(i, k) + at(k, j));
    return cost;
  }
}

function key(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
