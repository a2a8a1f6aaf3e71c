import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CreditStanding, NodeLease } from './credit-book.ts';
import type { Cells, Statement } from './postgres-connection.ts';
import { columnArrays, type GroupHead, upsertRows } from './postgres-group.ts';
import { encodeRecord } from './record-row.ts';
import type { IssuedChequeRecord } from './store.ts';

/**
 * The atomic steps of `core/settlement/credit-lease.ts` on a server. Each is one statement, so no lock outlives it, wherever its
 * process may be stopped. Rows are locked in one order: seat, chequebook, totals, lease; orders go by beneficiary.
 */

/** Where the seat is looked at and not counted up. Held until the statement ends, so that a successor waits for it. */
const SEAT = 'seat AS (SELECT node FROM nodes WHERE node = $1 AND fence = $2 FOR SHARE)';
const SEATED = 'EXISTS (SELECT 1 FROM seat)';
const FREE = '(capacity - reserved - committed)';

/** `draw` of the core. Answers granted, issued, expiry and the amount drawn; no row when less than `leastWei` is free. */
export function drawStatement(
  { node, fence }: GroupHead,
  chequebook: NodeId,
  want: { readonly leastWei: bigint; readonly aimWei: bigint; readonly leaseMs: number },
): Statement {
  const text = `WITH ${SEAT}, book AS (
      UPDATE chequebooks SET committed = committed + LEAST($5::numeric, ${FREE}), last_grant = LEAST($5::numeric, ${FREE})
      WHERE chequebook = $3 AND ${FREE} >= $4::numeric AND ${SEATED} RETURNING chequebook, last_grant
    ), lease AS (
      INSERT INTO credit_leases (chequebook, node, granted, issued, expires_at, last_freed)
      SELECT chequebook, $1::text, last_grant, 0, now() + $6::float8 * interval '1 millisecond', 0 FROM book
      ON CONFLICT (chequebook, node) DO UPDATE
      SET granted = credit_leases.granted + excluded.granted, expires_at = excluded.expires_at
      RETURNING granted, issued, expires_at
    )
    SELECT granted, issued, ${millis('expires_at')}, last_grant FROM lease CROSS JOIN book`;
  const values = [node, fence, chequebook, String(want.leastWei), String(want.aimWei), want.leaseMs];
  return { name: 'credit draw', text, values };
}

/** `giveBack` of the core for this node's lease. */
export function giveBackStatement(head: GroupHead, chequebook: NodeId): Statement {
  return { ...freeing('node = $1'), name: 'credit back', values: [head.node, head.fence, chequebook] };
}

/** `giveBack` of the core for every lease that `isReclaimable`, by the server's clock. */
export function reclaimStatement(head: GroupHead, chequebook: NodeId): Statement {
  return { ...freeing('expires_at <= now()'), name: 'credit reclaim', values: [head.node, head.fence, chequebook] };
}

function freeing(which: string): Statement {
  const text = `WITH ${SEAT}, book AS (
      SELECT chequebook FROM chequebooks WHERE chequebook = $3 AND ${SEATED} FOR UPDATE
    ), freed AS (
      UPDATE credit_leases SET last_freed = granted - issued, granted = issued
      WHERE chequebook = (SELECT chequebook FROM book) AND granted > issued AND ${which} RETURNING last_freed
    )
    UPDATE chequebooks SET committed = committed - (SELECT coalesce(sum(last_freed), 0) FROM freed)
    WHERE chequebook = $3 AND EXISTS (SELECT 1 FROM freed)`;
  return { text };
}

/**
 * Cheques: the total of each beneficiary goes on where it stood, or the order is left out; what was done is counted
 * against the leases, which refuse all of it (`lease_covers`) if it is too much; the node's own records are kept.
 * Answers the beneficiaries that were done, or one row of nulls; none when the fence is no longer ours.
 */
export function issueStatement(
  { node, fence, number }: GroupHead,
  orders: readonly { readonly record: IssuedChequeRecord; readonly wei: bigint }[],
  leaseMs: number,
): Statement {
  const first = 6;
  const upsert = upsertRows('issued', first, 'JOIN done USING (chequebook, beneficiary)');
  // The record's columns begin with chequebook, beneficiary and cumulative.
  const text = `WITH seat AS (
      UPDATE nodes SET batch = $3 WHERE node = $1 AND fence = $2 RETURNING batch
    ), done AS (
      INSERT INTO cheque_totals AS t (chequebook, beneficiary, cumulative, added, node)
      SELECT o.chequebook, o.beneficiary, o.cumulative, o.added, $1::text
      FROM unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::numeric[], $4::numeric[])
        AS o (chequebook, beneficiary, cumulative, added)
      WHERE ${SEATED}
        AND EXISTS (SELECT 1 FROM credit_leases l WHERE l.chequebook = o.chequebook AND l.node = $1)
        AND (o.cumulative = o.added
          OR EXISTS (SELECT 1 FROM cheque_totals p WHERE p.chequebook = o.chequebook AND p.beneficiary = o.beneficiary))
      ON CONFLICT (chequebook, beneficiary) DO UPDATE
      SET cumulative = excluded.cumulative, added = excluded.added, node = excluded.node
      WHERE t.cumulative = excluded.cumulative - excluded.added
      RETURNING chequebook, beneficiary, added
    ), spent AS (
      UPDATE credit_leases l SET issued = l.issued + s.wei, expires_at = now() + $5::float8 * interval '1 millisecond'
      FROM (SELECT chequebook, sum(added) AS wei FROM done GROUP BY chequebook) s
      WHERE l.chequebook = s.chequebook AND l.node = $1
    ), own AS (${upsert})
    SELECT done.chequebook, done.beneficiary FROM seat LEFT JOIN done ON true`;
  const sorted = orders.toSorted((a, b) => (a.record.beneficiary < b.record.beneficiary ? -1 : 1));
  const added = `{${sorted.map(({ wei }) => String(wei)).join(',')}}`;
  const columns = columnArrays(
    'issued',
    sorted.map(({ record }) => encodeRecord(record)),
  );
  return { name: 'credit issue', text, values: [node, fence, number, added, leaseMs, ...columns] };
}

/** The totals of these beneficiaries, where there are any. */
export function totalsStatement(orders: readonly { chequebook: NodeId; beneficiary: NodeId }[]): Statement {
  const text = `SELECT t.chequebook, t.beneficiary, t.cumulative FROM cheque_totals t
    JOIN unnest($1::text[], $2::text[]) AS o (chequebook, beneficiary) USING (chequebook, beneficiary)`;
  const values = [orders.map(({ chequebook }) => chequebook), orders.map(({ beneficiary }) => beneficiary)];
  return { name: 'credit totals', text, values };
}

/** This node's own last cheques to these beneficiaries. */
export function ownChequesStatement(
  node: NodeId,
  orders: readonly { chequebook: NodeId; beneficiary: NodeId }[],
): Statement {
  const text = `SELECT i.chequebook, i.beneficiary, i.cumulative FROM issued_cheques i
    JOIN unnest($2::text[], $3::text[]) AS o (chequebook, beneficiary) USING (chequebook, beneficiary)
    WHERE i.node = $1`;
  const values = [node, orders.map(({ chequebook }) => chequebook), orders.map(({ beneficiary }) => beneficiary)];
  return { name: 'credit own', text, values };
}

/** Makes the chequebook known, or brings it up to date; its row stays locked until the transaction ends. */
export function fundStatement(
  head: GroupHead,
  chequebook: NodeId,
  funds: { readonly capacityWei: bigint; readonly reservedWei: bigint; readonly asOf: number },
): Statement {
  const text = `WITH ${SEAT}
    INSERT INTO chequebooks AS c (chequebook, capacity, reserved, as_of, committed, adopted, last_grant)
    SELECT $3::text, $4::numeric, $5::numeric, $6::bigint, 0, 0, 0 WHERE ${SEATED}
    ON CONFLICT (chequebook) DO UPDATE
    SET capacity = excluded.capacity, reserved = excluded.reserved, as_of = excluded.as_of
    WHERE c.as_of <= excluded.as_of`;
  const { capacityWei, reservedWei, asOf } = funds;
  return { text, values: [head.node, head.fence, chequebook, String(capacityWei), String(reservedWei), asOf] };
}

/** Takes in cheques that were written past the book, for example before the books were moved to the server. */
export function adoptStatement(head: GroupHead, chequebook: NodeId): Statement {
  const text = `WITH known AS (
      SELECT chequebook, beneficiary, max(cumulative) AS cumulative FROM issued_cheques
      WHERE chequebook = $2 GROUP BY chequebook, beneficiary
    ), taken AS (
      INSERT INTO cheque_totals AS t (chequebook, beneficiary, cumulative, added, node)
      SELECT chequebook, beneficiary, cumulative, cumulative, $1::text FROM known WHERE cumulative > 0
      ON CONFLICT (chequebook, beneficiary) DO UPDATE
      SET cumulative = excluded.cumulative, added = excluded.cumulative - t.cumulative, node = excluded.node
      WHERE t.cumulative < excluded.cumulative RETURNING added
    )
    UPDATE chequebooks SET committed = committed + s.wei, adopted = adopted + s.wei
    FROM (SELECT coalesce(sum(added), 0) AS wei FROM taken) s WHERE chequebook = $2 AND s.wei > 0`;
  return { text, values: [head.node, chequebook] };
}

/** Takes in one cheque that no books tell of. Answers the chequebook, or nothing where it is not known or the seat is gone. */
export function adoptOneStatement(
  head: GroupHead,
  cheque: { readonly chequebook: NodeId; readonly beneficiary: NodeId; readonly cumulativeWei: bigint },
): Statement {
  const text = `WITH ${SEAT}, book AS (
      SELECT chequebook FROM chequebooks WHERE chequebook = $3 AND ${SEATED} FOR UPDATE
    ), taken AS (
      INSERT INTO cheque_totals AS t (chequebook, beneficiary, cumulative, added, node)
      SELECT chequebook, $4::text, $5::numeric, $5::numeric, $1::text FROM book
      ON CONFLICT (chequebook, beneficiary) DO UPDATE
      SET cumulative = excluded.cumulative, added = excluded.cumulative - t.cumulative, node = excluded.node
      WHERE t.cumulative < excluded.cumulative RETURNING added
    ), counted AS (
      UPDATE chequebooks SET committed = committed + s.wei, adopted = adopted + s.wei
      FROM (SELECT coalesce(sum(added), 0) AS wei FROM taken) s WHERE chequebook = $3 AND s.wei > 0
    )
    SELECT chequebook FROM book`;
  const { beneficiary, chequebook, cumulativeWei } = cheque;
  return { text, values: [head.node, head.fence, chequebook, beneficiary, String(cumulativeWei)] };
}

/** The chequebook with all leases on it, in one view. */
export function standingStatement(chequebook: NodeId): Statement {
  const text = `SELECT c.capacity, c.reserved, c.committed, c.adopted,
      l.node, l.granted, l.issued, ${millis('l.expires_at')}
    FROM chequebooks c LEFT JOIN credit_leases l USING (chequebook) WHERE c.chequebook = $1 ORDER BY l.node`;
  return { name: 'credit standing', text, values: [chequebook] };
}

/** Reads the answer to `standingStatement`. */
export function standingOf(rows: readonly Cells[]): CreditStanding | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const [capacityWei = 0n, reservedWei = 0n, committedWei = 0n, adoptedWei = 0n] = first.slice(0, 4).map(weiOf);
  const leases = rows.flatMap((row): NodeLease[] => {
    const [node, granted, issued, expiresMs] = row.slice(4);
    if (typeof node !== 'string') return [];
    return [{ node, grantedWei: weiOf(granted), issuedWei: weiOf(issued), expiresMs: Number(expiresMs) }];
  });
  return { capacityWei, reservedWei, committedWei, adoptedWei, leases };
}

/** An amount as the server gives it. Throws `STORE_CORRUPT`. */
export function weiOf(cell: unknown): bigint {
  if (typeof cell === 'string' && /^-?[0-9]{1,78}$/.test(cell)) return BigInt(cell);
  throw new WayleaveError('STORE_CORRUPT', { cell: String(cell) });
}

function millis(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}
