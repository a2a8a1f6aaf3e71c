import { Column } from '../../core/ledger/columns.ts';
import type { IssuedChequeRecord, LinkRecord, ReceivedChequeRecord, StoreRecord } from '../../store/store.ts';
import type { SmallNode } from './small-node.ts';
import { CHEQUEBOOKS, WEI_PER_UNIT } from './small-node.ts';
import type { SmallWorld } from './small-world.ts';

const MILLION = 1_000_000;

/** Faults that say nothing of a neighbour: its own disk, its own stop. */
const OWN_TROUBLE = new Set(['STORE_FULL', 'journal']);

/** The laws that hold after every action (DESIGN §3). Returns the one that is broken, in words. */
export function brokenLaw(world: SmallWorld): string | undefined {
  if (world.ghost.broken !== undefined) return world.ghost.broken;
  for (const node of world.nodes) {
    const broken = brokenBooks(node) ?? brokenMoney(node) ?? brokenLoss(world, node) ?? brokenConduct(world, node);
    if (broken !== undefined) return `node ${node.who}: ${broken}`;
  }
  return undefined;
}

/** Integers, and a balance that is its totals. */
function brokenBooks({ account }: SmallNode): string | undefined {
  const { ledger, row } = account;
  if (ledger.halted(row)) return 'its books were halted';
  try {
    ledger.audit(row);
  } catch (error) {
    return `its books do not hold: ${String(error)}`;
  }
  for (let column = 0; column < 24; column += 1) {
    if (!Number.isSafeInteger(ledger.get(row, column))) return `column ${column} is no integer`;
  }
  return undefined;
}

/** Money once: what was credited and paid is what the cheques say, in memory, on disk, and in whatever a crash may leave. */
function brokenMoney(node: SmallNode): string | undefined {
  const credited = node.desk.receivedFrom(node.peer)[0]?.creditedUnits ?? 0;
  const received = node.cell(Column.received);
  if (received !== credited) return `credited ${received} of cheques over ${credited}`;
  const rows = [...node.disk.rows()];
  const batches = node.disk.waiting.map(({ records }) => records);
  if (forgets([...rows, ...batches.flat()])) return 'its store takes a cheque for a later one';
  for (let kept = 0; kept <= batches.length; kept += 1) {
    const broken = brokenDisk(node, [...rows, ...batches.slice(0, kept).flat()]);
    if (broken !== undefined) return `${broken}, if it dies now with ${kept} of its writes done`;
  }
  return undefined;
}

/** Each cheque promises what the one before did, and more. */
function forgets(rows: readonly StoreRecord[]): boolean {
  const sums = rows.flatMap((row) => (row.kind === 'issued' ? [row.cumulative] : []));
  return sums.some((sum, at) => sum < (sums[at - 1] ?? 0n));
}

/** What a crash may leave behind. Later rows stand for earlier ones of their kind: there is one neighbour. */
function brokenDisk(node: SmallNode, rows: readonly StoreRecord[]): string | undefined {
  const link = rows.findLast((row): row is LinkRecord => row.kind === 'link');
  const taken = rows.findLast((row): row is ReceivedChequeRecord => row.kind === 'received');
  const issued = rows.findLast((row): row is IssuedChequeRecord => row.kind === 'issued');
  if (link === undefined) return undefined;
  if (link.received !== (taken?.creditedUnits ?? 0))
    return `its store has ${link.received} credited of cheques over ${taken?.creditedUnits ?? 0}`;
  const acknowledged = Number((issued?.acceptedCumulative ?? 0n) / WEI_PER_UNIT);
  if (link.paid !== acknowledged) return `its store has ${link.paid} paid of ${acknowledged} acknowledged`;
  if (issued !== undefined && !isWhole(issued)) return `its store has ${issued.amount} pending, and other cheques`;
  const provided = node.cell(Column.provided) - link.provided[0];
  return provided > link.lease ? `it provided ${provided} on a lease of ${link.lease}` : undefined;
}

/** What a cheque has pending is what it promises beyond what was acknowledged. */
function isWhole({ acceptedCumulative, amount, cumulative }: IssuedChequeRecord): boolean {
  return cumulative === acceptedCumulative || cumulative - acceptedCumulative === BigInt(amount) * WEI_PER_UNIT;
}

/** Bounded loss: what this node gave and did not get back, if the other vanishes now. */
function brokenLoss(world: SmallWorld, node: SmallNode): string | undefined {
  const { dropAt, riskAt, cashing } = world.scenario;
  const { sold, reached } = world.ghost;
  const other = node.who === 0 ? 1 : 0;
  const given = Math.floor(sold[node.who].got / MILLION) - Math.ceil(sold[other].got / MILLION) + reached[other];
  const cleared = node.cell(Column.received) - node.cell(Column.uncleared);
  // Each connection may have dropped the fraction of a unit, each way.
  const slack = 2 * (world.ghost.connects - 1);
  if (given - cleared > dropAt + slack) return `it would lose ${given - cleared}, more than dropAt ${dropAt}`;
  if (!cashing) return undefined;
  const cashed = Number((world.chain?.paidWei(CHEQUEBOOKS[other]) ?? 0n) / WEI_PER_UNIT);
  if (cleared - cashed > riskAt) return `cheques over ${cleared - cashed} clear debt, riskAt is ${riskAt}`;
  const loss = given - cashed;
  return loss > dropAt + riskAt + slack ? `it would lose ${loss}, more than dropAt and riskAt` : undefined;
}

/** Nobody here cheats, so nobody is blamed; but a chequebook that bounces is. */
function brokenConduct(world: SmallWorld, node: SmallNode): string | undefined {
  const bounces = world.scenario.drainedTo !== undefined;
  const expected = bounces ? 'CHEQUE_BOUNCED' : world.scenario.unread === true ? 'CHEQUE_UNVERIFIED' : undefined;
  const odd = node.complaints.find((code) => !OWN_TROUBLE.has(code) && code !== expected);
  if (odd !== undefined) return `${odd} between honest nodes`;
  const banned = node.account.banned && !node.complaints.includes('CHEQUE_BOUNCED') && !bounces;
  return banned ? 'an honest neighbour is banned' : undefined;
}

/** What holds besides once the two are connected and nothing is on its way: agreement, and debts that are paid. */
export function brokenRest(world: SmallWorld): string | undefined {
  const [a, b] = world.nodes;
  const served = world.nodes.find(
    (node) => node.desk.receivedFrom(node.peer)[0]?.bounced === true && !node.account.banned,
  );
  if (served !== undefined) return `at rest, node ${served.who} serves on after a cheque bounced`;
  if (world.scenario.drainedTo !== undefined) return undefined;
  if (!a.neighbour.session.up || !b.neighbour.session.up) return 'at rest, a session is not up';
  if (a.balance + b.balance !== 0) return `at rest, the balances are ${a.balance} and ${b.balance}`;
  for (const node of world.nodes) {
    const broken = brokenDebts(world, node) ?? brokenReserves(world, node) ?? brokenTotals(world, node.who);
    if (broken !== undefined) return `at rest, ${broken}`;
  }
  return undefined;
}

/** At rest every payment is done, and no debt is left that is due. */
function brokenDebts(world: SmallWorld, node: SmallNode): string | undefined {
  const other = world.nodes[node.who === 0 ? 1 : 0];
  const [paid, credited] = [node.cell(Column.paid), other.cell(Column.received)];
  if (node.cell(Column.pending) !== 0) return `node ${node.who} has a payment pending`;
  if (paid !== credited) return `node ${node.who} paid ${paid}, and ${credited} was credited`;
  if (other.askPerMb !== undefined && -node.balance >= world.scenario.payAt[other.who])
    return `node ${node.who} owes ${-node.balance} and does not pay`;
  if (node.cell(Column.uncleared) !== 0 && world.scenario.cashing)
    return `node ${node.who} has payments that neither clear debt nor are cashed`;
  return undefined;
}

/** At rest nothing is reserved, assumed, waited for, or only in memory. */
function brokenReserves(world: SmallWorld, node: SmallNode): string | undefined {
  const other = world.nodes[node.who === 0 ? 1 : 0];
  if (node.cell(Column.heldConsume) !== 0 || (other.credit === 0 && node.cell(Column.heldProvide) !== 0))
    return `node ${node.who} holds what nobody uses`;
  if (node.cell(Column.assumed) !== 0) return `node ${node.who} still assumes what a crash forgot`;
  if (node.disk.waiting.length > 0 || node.neighbour.queued.length > 0) return `node ${node.who} is busy`;
  const link = [...node.disk.rows()].find((row) => row.kind === 'link');
  const written = link?.provided[0] === node.cell(Column.provided) && link.consumed[0] === node.cell(Column.consumed);
  return written ? undefined : `the charges of node ${node.who} are not on its disk`;
}

/** At rest what is charged for is what was got; without a crash, all of it. */
function brokenTotals(world: SmallWorld, seller: 0 | 1): string | undefined {
  const node = world.nodes[seller];
  const charged = node.cell(Column.provided) + node.cell(Column.providedCorrection);
  const { sent, got } = world.ghost.sold[seller];
  const uploads = world.scenario.budget.grants[seller === 0 ? 1 : 0] > 0 || world.scenario.budget.grants[seller] > 0;
  const most = Math.floor((uploads ? sent : got) / MILLION);
  const least = Math.floor(got / MILLION) - (world.ghost.connects - 1);
  if (charged > most) return `${charged} is charged for ${most} got from node ${seller}`;
  const admitted = world.ghost.admitted[seller];
  if (charged < admitted) return `${charged} is charged of ${admitted} that was admitted to node ${seller}`;
  if (charged < least && !world.ghost.crashed) return `only ${charged} is charged of ${least} from node ${seller}`;
  return undefined;
}
