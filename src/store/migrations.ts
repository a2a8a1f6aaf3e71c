import { openingRows } from './history-sql.ts';

/**
 * The schema of the embedded store, version by version. Each entry takes a store from the version before it (none, for
 * the first) to its own number. Entries that were released never change; `docs/store.md` describes the newest.
 */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** Three columns of a field that counts by service, in the order of `core/service.ts`. */
const byService = (field: string) =>
  `${field}_transit INTEGER NOT NULL, ${field}_chunks INTEGER NOT NULL, ${field}_packets INTEGER NOT NULL`;

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE links (
        neighbour TEXT NOT NULL PRIMARY KEY,
        ${byService('provided')},
        ${byService('consumed')},
        ${byService('provided_bytes')},
        ${byService('consumed_bytes')},
        ${byService('provided_remainder')},
        ${byService('consumed_remainder')},
        attempts INTEGER NOT NULL,
        paid INTEGER NOT NULL,
        received INTEGER NOT NULL,
        ${byService('provided_correction')},
        ${byService('consumed_correction')},
        lease INTEGER NOT NULL,
        choked_since_ms INTEGER NOT NULL,
        closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
        updated_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE terms (
        neighbour TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('mine', 'theirs')),
        epoch INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (neighbour, side)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE issued_cheques (
        chequebook TEXT NOT NULL,
        beneficiary TEXT NOT NULL,
        cumulative TEXT NOT NULL,
        signature BLOB NOT NULL,
        amount INTEGER NOT NULL,
        payment_id INTEGER NOT NULL,
        accepted_cumulative TEXT NOT NULL,
        remainder TEXT NOT NULL,
        PRIMARY KEY (chequebook, beneficiary)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE received_cheques (
        chequebook TEXT NOT NULL PRIMARY KEY,
        neighbour TEXT NOT NULL,
        issuer TEXT NOT NULL,
        cumulative TEXT NOT NULL,
        signature BLOB NOT NULL,
        cashed_cumulative TEXT NOT NULL,
        credited_units INTEGER NOT NULL,
        remainder_wei TEXT NOT NULL,
        bounced INTEGER NOT NULL CHECK (bounced IN (0, 1))
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE cashings (
        "transaction" TEXT NOT NULL PRIMARY KEY,
        chequebook TEXT NOT NULL,
        cumulative TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('sent', 'mined', 'bounced', 'failed')),
        paid_out TEXT NOT NULL,
        gas_wei TEXT NOT NULL,
        at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE notes (name TEXT NOT NULL PRIMARY KEY, "text" TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 2,
    sql: `
      CREATE TABLE statements (
        neighbour TEXT NOT NULL,
        party TEXT NOT NULL CHECK (party IN ('mine', 'theirs', 'disputed')),
        store_epoch INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (neighbour, party)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE credits (
        neighbour TEXT NOT NULL PRIMARY KEY,
        earned INTEGER NOT NULL,
        base INTEGER NOT NULL,
        cost INTEGER NOT NULL,
        gas INTEGER NOT NULL,
        day INTEGER NOT NULL,
        grown INTEGER NOT NULL,
        newcomer_day INTEGER NOT NULL,
        barred INTEGER NOT NULL CHECK (barred IN (0, 1)),
        updated_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 3,
    sql: `
      ALTER TABLE links ADD COLUMN history_rows INTEGER NOT NULL DEFAULT 0;
      CREATE TABLE history (
        neighbour TEXT NOT NULL,
        number INTEGER NOT NULL,
        entry TEXT NOT NULL,
        service TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        events INTEGER NOT NULL,
        provided INTEGER NOT NULL,
        consumed INTEGER NOT NULL,
        provided_bytes INTEGER NOT NULL,
        consumed_bytes INTEGER NOT NULL,
        paid INTEGER NOT NULL,
        received INTEGER NOT NULL,
        wei TEXT NOT NULL,
        gas_wei TEXT NOT NULL,
        reference TEXT NOT NULL,
        PRIMARY KEY (neighbour, number)
      ) STRICT, WITHOUT ROWID;
      ${openingRows('neighbour')}
    `,
  },
  {
    version: 4,
    sql: `
      CREATE TABLE channel_totals (
        channel TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('mine', 'theirs')),
        neighbour TEXT NOT NULL,
        beneficiary TEXT NOT NULL,
        cumulative TEXT NOT NULL,
        signature BLOB NOT NULL,
        amount INTEGER NOT NULL,
        payment_id INTEGER NOT NULL,
        accepted_cumulative TEXT NOT NULL,
        remainder TEXT NOT NULL,
        PRIMARY KEY (channel, side)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 5,
    sql: `
      ALTER TABLE issued_cheques ADD COLUMN own_cumulative TEXT NOT NULL DEFAULT '0';
      UPDATE issued_cheques SET own_cumulative = cumulative;
    `,
  },
  {
    version: 6,
    sql: `
      ALTER TABLE links ADD COLUMN faded INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_transit INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_chunks INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE links ADD COLUMN barter_net_packets INTEGER NOT NULL DEFAULT 0;
    `,
  },
];

/** The newest version this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;
