// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Rows leave behind those of their events: found by `since`, which never changes, so that a result does not touch an index.
    static let effects = [
        """
        CREATE TABLE effect (
            since timestamptz NOT NULL, changed timestamptz NOT NULL, fence bigint NOT NULL, run bigint NOT NULL,
            state smallint NOT NULL, secret boolean NOT NULL, event bytea NOT NULL, name text NOT NULL, key text NOT NULL,
            argument bytea NOT NULL, policy text NOT NULL,
            value bytea, sealed text, -- under which key, if it is sealed
            PRIMARY KEY (event, name, key)
        ) WITH (fillfactor = 80)
        """,
        "CREATE INDEX effect_since ON effect (since)",
    ]

    /// Names are ordered by their bytes, whatever the database's language is.
    static let parks = [
        """
        CREATE TABLE connection (
            name text COLLATE "C" PRIMARY KEY, state smallint NOT NULL, epoch bigint NOT NULL, since timestamptz NOT NULL
        )
        """,
        """
        CREATE TABLE park_note (
            queue text COLLATE "C" NOT NULL, connection text COLLATE "C" NOT NULL, version bigint NOT NULL, PRIMARY KEY (queue, connection)
        )
        """,
        // From which epochs and versions come.
        "CREATE TABLE consent_count (only_one boolean PRIMARY KEY CHECK (only_one), newest bigint NOT NULL)",
        "INSERT INTO consent_count VALUES (true, 0)",
    ]

    /// Which partition keys are at work, and the places of events in strict lanes. Both stay small, and change with every such event.
    static let lanes = [
        """
        CREATE TABLE lane (
            lane bytea PRIMARY KEY, session bigint NOT NULL, owner bigint NOT NULL, turn bigint NOT NULL, entered timestamptz NOT NULL
        ) WITH (
            fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
            autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000000
        )
        """,
        """
        CREATE TABLE ticket (
            lane bytea NOT NULL, number bigint NOT NULL, key bytea NOT NULL, generation bigint NOT NULL, due timestamptz,
            asked timestamptz NOT NULL, PRIMARY KEY (lane, number)
        ) WITH (
            autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
            autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000000
        )
        """,
        "CREATE UNIQUE INDEX ticket_key ON ticket (key)",
    ]
}
