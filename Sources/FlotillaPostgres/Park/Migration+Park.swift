// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Names are compared by their bytes, whatever the database's language is.
    static let park = [
        """
        CREATE TABLE connection (
            name text COLLATE "C" PRIMARY KEY, state bigint NOT NULL, epoch bigint NOT NULL, since timestamptz NOT NULL
        )
        """,
        """
        CREATE TABLE park_note (
            queue text COLLATE "C" NOT NULL, connection text COLLATE "C" NOT NULL, version bigint NOT NULL, PRIMARY KEY (queue, connection)
        )
        """,
        // From which epochs and versions come. A row and no sequence: whoever has read it is sure that all that comes later is larger.
        "CREATE TABLE consent_count (one boolean PRIMARY KEY CHECK (one), newest bigint NOT NULL)",
        "INSERT INTO consent_count VALUES (true, 0)",
    ]
}
