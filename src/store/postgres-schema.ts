import { openingRows } from './history-sql.ts';
import type { ColumnKind } from './tables.ts';

/**
 * The tables on a server, version by version, in the operator's schema. The records lie as in the embedded store
 * (`tables.ts`) with the node's id before every key. Entries that were released never change.
 */
export interface PostgresMigration {
  readonly version: number;
  readonly sql: string;
}

/** Column types: amounts in wei are numbers here, so that the server can add them up. */
export const COLUMN_TYPES: Readonly<Record<ColumnKind, string>> = {
  id: 'text',
  text: 'text',
  integer: 'bigint',
  flag: 'boolean',
  wei: 'numeric(78,0)',
  bytes: 'bytea',
  services: 'bigint',
  side: 'text',
  status: 'text',
  party: 'text',
};

/** Rows that are replaced all the time keep room on their page: the new version then needs no entry in the index. */
const FILL = 'WITH (fillfactor = 70)';

/** Three columns of a field that counts by service, in the order of `core/service.ts`. */
const byService = (field: string) =>
  `${field}_transit bigint NOT NULL, ${field}_chunks bigint NOT NULL, ${field}_packets bigint NOT NULL`;

export const POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    version: 1,
    sql: `
      -- One row for each node key: who may write (fence), and how far it got (batch).
      CREATE TABLE nodes (
        node text NOT NULL PRIMARY KEY,
        fence bigint NOT NULL,
        batch bigint NOT NULL,
        epoch bigint NOT NULL
      ) ${FILL};
      CREATE TABLE links (
        node text NOT NULL,
        neighbour text NOT NULL,
        ${byService('provided')},
        ${byService('consumed')},
        ${byService('provided_bytes')},
        ${byService('consumed_bytes')},
        ${byService('provided_remainder')},
        ${byService('consumed_remainder')},
        attempts bigint NOT NULL,
        paid bigint NOT NULL,
        received bigint NOT NULL,
        ${byService('provided_correction')},
        ${byService('consumed_correction')},
        lease bigint NOT NULL,
        choked_since_ms bigint NOT NULL,
        closed boolean NOT NULL,
        updated_ms bigint NOT NULL,
        PRIMARY KEY (node, neighbour)
      ) ${FILL};
      CREATE TABLE terms (
        node text NOT NULL,
        neighbour text NOT NULL,
        side text NOT NULL CHECK (side IN ('mine', 'theirs')),
        epoch bigint NOT NULL,
        "bytes" bytea NOT NULL,
        PRIMARY KEY (node, neighbour, side)
      ) ${FILL};
      CREATE TABLE issued_cheques (
        node text NOT NULL,
        chequebook text NOT NULL,
        beneficiary text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        signature bytea NOT NULL,
        amount bigint NOT NULL,
        payment_id bigint NOT NULL,
        accepted_cumulative numeric(78,0) NOT NULL CHECK (accepted_cumulative >= 0),
        remainder numeric(78,0) NOT NULL CHECK (remainder >= 0),
        PRIMARY KEY (node, chequebook, beneficiary)
      ) ${FILL};
      CREATE TABLE received_cheques (
        node text NOT NULL,
        chequebook text NOT NULL,
        neighbour text NOT NULL,
        issuer text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        signature bytea NOT NULL,
        cashed_cumulative numeric(78,0) NOT NULL CHECK (cashed_cumulative >= 0),
        credited_units bigint NOT NULL,
        remainder_wei numeric(78,0) NOT NULL CHECK (remainder_wei >= 0),
        bounced boolean NOT NULL,
        PRIMARY KEY (node, chequebook)
      ) ${FILL};
      CREATE TABLE cashings (
        node text NOT NULL,
        "transaction" text NOT NULL,
        chequebook text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        status text NOT NULL CHECK (status IN ('sent', 'mined', 'bounced', 'failed')),
        paid_out numeric(78,0) NOT NULL CHECK (paid_out >= 0),
        gas_wei numeric(78,0) NOT NULL CHECK (gas_wei >= 0),
        at_ms bigint NOT NULL,
        PRIMARY KEY (node, "transaction")
      ) ${FILL};
      CREATE TABLE notes (
        node text NOT NULL,
        name text NOT NULL,
        "text" text NOT NULL,
        PRIMARY KEY (node, name)
      ) ${FILL};
      CREATE TABLE statements (
        node text NOT NULL,
        neighbour text NOT NULL,
        party text NOT NULL CHECK (party IN ('mine', 'theirs', 'disputed')),
        store_epoch bigint NOT NULL,
        sequence bigint NOT NULL,
        "bytes" bytea NOT NULL,
        PRIMARY KEY (node, neighbour, party)
      ) ${FILL};
      CREATE TABLE credits (
        node text NOT NULL,
        neighbour text NOT NULL,
        earned bigint NOT NULL,
        base bigint NOT NULL,
        cost bigint NOT NULL,
        gas bigint NOT NULL,
        "day" bigint NOT NULL,
        grown bigint NOT NULL,
        newcomer_day bigint NOT NULL,
        barred boolean NOT NULL,
        updated_ms bigint NOT NULL,
        PRIMARY KEY (node, neighbour)
      ) ${FILL};
      -- What may be promised on a chequebook, and what is promised or lent out to be promised.
      CREATE TABLE chequebooks (
        chequebook text NOT NULL PRIMARY KEY,
        capacity numeric(78,0) NOT NULL CHECK (capacity >= 0),
        reserved numeric(78,0) NOT NULL CHECK (reserved >= 0),
        as_of bigint NOT NULL,
        committed numeric(78,0) NOT NULL CHECK (committed >= 0),
        adopted numeric(78,0) NOT NULL CHECK (adopted >= 0),
        last_grant numeric(78,0) NOT NULL
      ) ${FILL};
      CREATE TABLE credit_leases (
        chequebook text NOT NULL,
        node text NOT NULL,
        granted numeric(78,0) NOT NULL,
        issued numeric(78,0) NOT NULL CHECK (issued >= 0),
        expires_at timestamptz NOT NULL,
        last_freed numeric(78,0) NOT NULL,
        PRIMARY KEY (chequebook, node),
        CONSTRAINT lease_covers CHECK (issued <= granted)
      ) ${FILL};
      -- All that was ever promised to a beneficiary on a chequebook, whichever node signed.
      CREATE TABLE cheque_totals (
        chequebook text NOT NULL,
        beneficiary text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        added numeric(78,0) NOT NULL CHECK (added >= 0),
        node text NOT NULL,
        PRIMARY KEY (chequebook, beneficiary)
      ) ${FILL};
    `,
  },
  {
    version: 2,
    sql: `
      ALTER TABLE links ADD COLUMN history_rows bigint NOT NULL DEFAULT 0;
      CREATE TABLE history (
        node text NOT NULL,
        neighbour text NOT NULL,
        number bigint NOT NULL,
        entry text NOT NULL,
        service text NOT NULL,
        from_ms bigint NOT NULL,
        to_ms bigint NOT NULL,
        events bigint NOT NULL,
        provided bigint NOT NULL,
        consumed bigint NOT NULL,
        provided_bytes bigint NOT NULL,
        consumed_bytes bigint NOT NULL,
        paid bigint NOT NULL,
        received bigint NOT NULL,
        wei numeric(78,0) NOT NULL CHECK (wei >= 0),
        gas_wei numeric(78,0) NOT NULL CHECK (gas_wei >= 0),
        reference text NOT NULL,
        PRIMARY KEY (node, neighbour, number)
      ) ${FILL};
      ${openingRows('node, neighbour')}
    `,
  },
  {
    version: 3,
    sql: `
      CREATE TABLE channel_totals (
        node text NOT NULL,
        channel text NOT NULL,
        side text NOT NULL CHECK (side IN ('mine', 'theirs')),
        neighbour text NOT NULL,
        beneficiary text NOT NULL,
        cumulative numeric(78,0) NOT NULL CHECK (cumulative >= 0),
        signature bytea NOT NULL,
        amount bigint NOT NULL,
        payment_id bigint NOT NULL,
        accepted_cumulative numeric(78,0) NOT NULL CHECK (accepted_cumulative >= 0),
        remainder numeric(78,0) NOT NULL CHECK (remainder >= 0),
        PRIMARY KEY (node, channel, side)
      ) ${FILL};
    `,
  },
  {
    version: 4,
    sql: `
      ALTER TABLE issued_cheques ADD COLUMN own_cumulative numeric(78,0) NOT NULL DEFAULT 0 CHECK (own_cumulative >= 0);
      UPDATE issued_cheques SET own_cumulative = cumulative;
    `,
  },
  {
    version: 5,
    sql: `
      ALTER TABLE links ADD COLUMN faded bigint NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_transit bigint NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_chunks bigint NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_packets bigint NOT NULL DEFAULT 0;
    `,
  },
];

/** The newest version this program knows. */
export const POSTGRES_SCHEMA_VERSION = POSTGRES_MIGRATIONS.at(-1)?.version ?? 0;
