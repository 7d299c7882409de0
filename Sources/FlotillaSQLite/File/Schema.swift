// SPDX-License-Identifier: Apache-2.0

/// The tables of a file, and how a file is known to be ours.
///
/// An event is written once, into `event`, which is the journal too; whatever waits somewhere refers to it by its number. A delivery
/// moves from holder 0 (nobody) to the session that fetched it, and is deleted when it is acknowledged: the same three columns that
/// order a queue also say who holds what, so no other index has to be kept up to date.
///
/// The keys of the ledger are hashes: each row that is written dirties a page of its own. So what runs now is kept apart, in a table of a
/// few pages, and a row of the big table is written once for an event that goes well. (Measured: half again as fast as one table.)
enum Schema {
    /// "Flot", in SQLite's header.
    static let applicationID: Int64 = 0x466C_6F74
    static let version = Int64(1 + additions.count)

    /// Reads only: a file that is not ours stays as it is. True when it is ours already, false when it is new.
    static func recognise(_ database: Database) throws -> Bool {
        let application = try database.integer("PRAGMA application_id") ?? 0
        let tables = try database.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        if application == 0, tables == 0 { return false }
        guard application == applicationID else { throw SQLiteFailure.foreign(path: database.path) }
        let found = try database.integer("PRAGMA user_version") ?? 0
        guard found <= version else { throw SQLiteFailure.newer(path: database.path, version: found) }
        return true
    }

    static let pragmas = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA mmap_size = 0;
        PRAGMA cache_size = -16000;
        PRAGMA temp_store = MEMORY;
        PRAGMA trusted_schema = OFF;
        """

    static let creation = """
        BEGIN IMMEDIATE;
        CREATE TABLE state (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            last_number INTEGER NOT NULL,      -- the newest event or copy
            journal_bytes INTEGER NOT NULL,
            pruned_to INTEGER NOT NULL,        -- events up to here leave with their last reference
            routes INTEGER NOT NULL            -- grows when a binding changes
        );
        INSERT INTO state VALUES (1, 0, 0, 0, 1);
        CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE queue (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
            entered INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE binding (queue INTEGER NOT NULL, pattern TEXT NOT NULL, PRIMARY KEY (queue, pattern)) WITHOUT ROWID;
        CREATE TABLE event (
            number INTEGER PRIMARY KEY, accepted INTEGER NOT NULL, source INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
            time INTEGER, subject TEXT, content_type TEXT, schema TEXT, extensions TEXT, data BLOB NOT NULL
        );
        CREATE TABLE delivery (
            queue INTEGER NOT NULL, holder INTEGER NOT NULL, number INTEGER NOT NULL,
            event INTEGER,                     -- null: the event of the same number
            attempt INTEGER NOT NULL, generation INTEGER NOT NULL, passage TEXT,
            PRIMARY KEY (queue, holder, number)
        ) WITHOUT ROWID;
        CREATE INDEX delivery_copy ON delivery (event) WHERE event IS NOT NULL;
        CREATE TABLE delayed (
            due INTEGER NOT NULL, queue INTEGER NOT NULL, number INTEGER NOT NULL, event INTEGER NOT NULL,
            attempt INTEGER NOT NULL, generation INTEGER NOT NULL, passage TEXT,
            PRIMARY KEY (due, queue, number)
        ) WITHOUT ROWID;
        CREATE INDEX delayed_event ON delayed (event);
        CREATE TABLE letter (
            queue TEXT NOT NULL, source INTEGER NOT NULL, id TEXT NOT NULL, event INTEGER NOT NULL, kept INTEGER NOT NULL,
            type TEXT NOT NULL, attempt INTEGER NOT NULL, generation INTEGER NOT NULL, class TEXT, reason TEXT, passage TEXT,
            PRIMARY KEY (queue, source, id)
        ) WITHOUT ROWID;
        CREATE INDEX letter_kept ON letter (queue, kept);
        CREATE INDEX letter_event ON letter (event);
        CREATE TABLE session (
            id INTEGER PRIMARY KEY AUTOINCREMENT, until INTEGER NOT NULL, pid INTEGER NOT NULL, program TEXT NOT NULL
        );
        CREATE TABLE consumer (session INTEGER NOT NULL, queue INTEGER NOT NULL, PRIMARY KEY (session, queue)) WITHOUT ROWID;
        CREATE TABLE claim (                   -- what runs now; it goes before a row of the same key in ledger
            key BLOB PRIMARY KEY, attempt INTEGER NOT NULL, generation INTEGER NOT NULL, crashes INTEGER NOT NULL,
            fence INTEGER NOT NULL, session INTEGER NOT NULL, claimed INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE ledger (
            key BLOB PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL, generation INTEGER NOT NULL,
            crashes INTEGER NOT NULL, fence INTEGER NOT NULL, claimed INTEGER NOT NULL, at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE deed (at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL);
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = 1;
        COMMIT;
        """

    /// What each version added to the one before it, from 2 on. They only add: a process of an older version that has the file open
    /// goes on with it. A step that was released never changes.
    private static let additions = [
        """
        CREATE TABLE hook_secret (             -- handed over in handshakes, sealed by the vault
            hook TEXT PRIMARY KEY, since INTEGER NOT NULL, key TEXT NOT NULL, sealed BLOB NOT NULL
        ) WITHOUT ROWID;
        """,
        """
        CREATE TABLE effect (                  -- what handlers did to the outside world, or were about to do
            event BLOB NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, state INTEGER NOT NULL, argument BLOB NOT NULL,
            policy TEXT NOT NULL, secret INTEGER NOT NULL,
            value BLOB, sealed TEXT,           -- under which key, if it is sealed
            since INTEGER NOT NULL, at INTEGER NOT NULL, fence INTEGER NOT NULL, run INTEGER NOT NULL,
            PRIMARY KEY (event, name, key)
        ) WITHOUT ROWID;
        """,
        """
        CREATE TABLE connection (name TEXT PRIMARY KEY, state INTEGER NOT NULL, epoch INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE park_note (
            queue TEXT NOT NULL, connection TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (queue, connection)
        ) WITHOUT ROWID;
        CREATE TABLE consent_count (           -- from which epochs and versions come
            only INTEGER PRIMARY KEY CHECK (only = 1), newest INTEGER NOT NULL
        );
        INSERT INTO consent_count VALUES (1, 0);
        -- A line of the passage; computed, so that letters of older versions have it, too.
        ALTER TABLE letter ADD COLUMN connection TEXT GENERATED ALWAYS AS (
            CASE WHEN instr(char(10) || passage, char(10) || 'connection=') > 0 THEN
                substr(passage || char(10), instr(char(10) || passage, char(10) || 'connection=') + 11,
                    instr(substr(passage || char(10), instr(char(10) || passage, char(10) || 'connection=') + 11), char(10)) - 1)
            END) VIRTUAL;
        CREATE INDEX letter_connection ON letter (queue, connection, kept) WHERE connection IS NOT NULL;
        """,
        """
        CREATE TABLE binding_since (           -- for the audit: what was accepted before it was never meant for that queue
            queue INTEGER NOT NULL, pattern TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (queue, pattern)
        ) WITHOUT ROWID;
        CREATE TABLE lane (                    -- which partition keys are at work
            lane BLOB PRIMARY KEY, session INTEGER NOT NULL, owner INTEGER NOT NULL, turn INTEGER NOT NULL, entered INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE ticket (                  -- places of events in strict lanes
            lane BLOB NOT NULL, number INTEGER NOT NULL, key BLOB NOT NULL, generation INTEGER NOT NULL, due INTEGER,
            asked INTEGER NOT NULL, PRIMARY KEY (lane, number)
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX ticket_key ON ticket (key);
        """,
    ]

    /// Brings a file of ours to this version, a step after the other: one that is killed between them goes on there.
    static func bringUp(_ database: Database) throws {
        let found = try database.integer("PRAGMA user_version") ?? 0
        for (step, addition) in zip(Int64(2)..., additions) where step > found {
            do {
                try database.execute("BEGIN IMMEDIATE; \(addition) PRAGMA user_version = \(step); COMMIT;")
            } catch {
                if database.isInTransaction { try? database.execute("ROLLBACK") }
                throw error
            }
        }
    }
}
