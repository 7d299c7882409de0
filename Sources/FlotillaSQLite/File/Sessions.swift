// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Glibc

/// Who uses the file. A session is a row with a lease and a byte of the lock file: the lease is renewed at a third of its length,
/// the byte is let go by the kernel when the process is killed. What a session held comes back when either says that it is gone.
enum Sessions {
    static func open(lease: Duration, program: String, in turn: Turn) throws {
        turn.session = try turn.database.once("INSERT INTO session (until, pid, program) VALUES (?1, ?2, ?3) RETURNING id") { add in
            add.bind(1, (turn.now + lease).milliseconds)
            add.bind(2, Int64(getpid()))
            add.bind(3, program)
            return try add.row { $0.integer(0) } ?? 0
        }
        guard turn.lock.hold(session: turn.session) else {
            throw SQLiteFailure.other(path: turn.database.path, "the byte of a new session is locked")
        }
    }

    /// A new session for a process that lives after all. Deliveries that it held are others' by now; claims that nobody took over are
    /// still its own: its handlers run.
    static func reopen(lease: Duration, program: String, consuming queues: [Int64], in turn: Turn) throws {
        let old = turn.session
        try open(lease: lease, program: program, in: turn)
        for queue in queues { try consumes(queue, in: turn) }
        for adopt in [turn.statements.adoptClaims, turn.statements.lanes.adopt] {
            adopt.bind(1, turn.session)
            adopt.bind(2, old)
            try adopt.run()
        }
        turn.isTakenForDead = false
    }

    /// False when others took this session for dead: it needs a new one, and what it held is no longer its own.
    static func renew(lease: Duration, in turn: Turn) throws -> Bool {
        let renew = turn.statements.renewSession
        renew.bind(1, (turn.now + lease).milliseconds)
        renew.bind(2, turn.session)
        return try renew.row { $0.integer(0) } != nil
    }

    /// Gives back what vanished sessions held. Answers how many there were.
    @discardableResult
    static func reap(in turn: Turn) throws -> Int {
        let others = try turn.statements.sessions.rows { (id: $0.integer(0), until: $0.integer(1)) }.filter { $0.id != turn.session }
        let gone = others.filter { $0.until <= turn.now.milliseconds || turn.lock.isGone(session: $0.id) }
        for session in gone { try end(session.id, in: turn) }
        turn.otherSessions = others.count - gone.count
        return gone.count
    }

    static func end(_ session: Int64, in turn: Turn) throws {
        for queue in turn.routes.queues.values {
            let release = turn.statements.releaseSession
            release.bind(1, queue)
            release.bind(2, session)
            try release.run()
            if turn.database.changes > 0 {
                turn.stirred.insert(queue)
                turn.rings = true
            }
        }
        for statement in [turn.statements.dropConsumers, turn.statements.dropSession] {
            statement.bind(1, session)
            try statement.run()
        }
    }

    static func consumes(_ queue: Int64, in turn: Turn) throws {
        let add = turn.statements.addConsumer
        add.bind(1, turn.session)
        add.bind(2, queue)
        try add.run()
    }
}
