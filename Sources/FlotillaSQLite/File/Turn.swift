// SPDX-License-Identifier: Apache-2.0

internal import CSQLite
internal import FlotillaModel

/// What the operations of one file work with: its connection, statements and what is remembered between turns.
/// Lives as long as the file; used on the file's loop alone.
final class Turn {
    let database: Database
    let statements: Statements
    let lock: FileLock
    let journal: JournalLimits
    /// This process as the file knows it; a new one when others took it for dead.
    var session: Int64 = 0
    /// Processes beside this one: they are told of what was committed.
    var otherSessions = 0
    /// The time of this turn, by the store's clock.
    var now = Timestamp(microseconds: 0)

    private(set) var state = FileState()
    private var stateBefore = FileState()
    var routes = Routes()
    private(set) var sources: [String: Int64] = [:]
    private var dataVersion: Int64 = -1
    private var entered: [Int64: Int64] = [:]
    private var gone: [Int64: Int64] = [:]
    /// Queues that may have something to fetch.
    var stirred: Set<Int64> = []
    /// The earliest delayed delivery that is known; nil when there is none.
    var nextDue: Int64?
    /// Set when something was made that another process may want to fetch.
    var rings = false
    /// True when another process wrote since the last turn.
    private(set) var othersWrote = false
    /// True when others took this process for dead and ended its session.
    var isTakenForDead = false
    private var sessionBefore: Int64 = 0

    init(database: Database, lock: FileLock, journal: JournalLimits) throws {
        self.database = database
        self.lock = lock
        self.journal = journal
        statements = try Statements(database)
    }

    /// Before the transaction: even one that does not begin must not forget what the last one committed.
    func prepare() { sessionBefore = session }

    /// Inside the transaction, before any operation.
    func begin(now: Timestamp) throws {
        self.now = now
        entered = [:]
        gone = [:]
        rings = false
        let version = try statements.dataVersion.row { $0.integer(0) } ?? 0
        othersWrote = version != dataVersion
        if othersWrote { try reload() }
        dataVersion = version
        stateBefore = state
    }

    /// Inside the transaction, after every operation.
    func end() throws {
        for queue in Set(entered.keys).union(gone.keys) {
            let count = statements.count
            count.bind(1, entered[queue] ?? 0)
            count.bind(2, gone[queue] ?? 0)
            count.bind(3, queue)
            try count.run()
        }
        if state != stateBefore {
            let save = statements.saveState
            save.bind(1, state.lastNumber)
            save.bind(2, state.journalBytes)
            save.bind(3, state.prunedTo)
            save.bind(4, state.routes)
            try save.run()
        }
    }

    /// After a rollback: what was remembered may be wrong.
    func forget() {
        dataVersion = -1
        nextDue = 0
        session = sessionBefore
        state = FileState()
        routes = Routes()
        // A source that was added and then found within that transaction is there no longer.
        sources = [:]
    }

    private func reload() throws {
        guard let fresh = try statements.loadState.row({ FileState($0) }) else { throw SQLiteFailure.corrupt(path: database.path) }
        if fresh.routes != state.routes || routes.isEmpty { routes = try Routes(loadedBy: statements) }
        state = fresh
        nextDue = try statements.nextDue.row { $0.optionalInteger(0) } ?? nil
        stirred.formUnion(routes.queues.values)
        let sessions = try statements.sessions.rows { $0.integer(0) }
        otherSessions = sessions.count { $0 != session }
        isTakenForDead = session != 0 && !sessions.contains(session)
    }

    // MARK: What operations use

    func nextNumber() -> Int64 {
        state.lastNumber += 1
        return state.lastNumber
    }

    func journaled(bytes: Int64) { state.journalBytes += bytes }
    func prune(to number: Int64) { state.prunedTo = max(state.prunedTo, number) }

    /// Events up to here leave with their last reference.
    var leavingUpTo: Int64 { journal.isOff ? Int64.max : state.prunedTo }

    func enter(_ queue: Int64, _ count: Int64 = 1) {
        entered[queue, default: 0] += count
        stirred.insert(queue)
        rings = true
    }

    func leave(_ queue: Int64, _ count: Int64 = 1) { gone[queue, default: 0] += count }

    /// Sources may come from outside: what is remembered is bounded.
    func remember(source: String, _ id: Int64) {
        if sources.count >= 1024 { sources = [:] }
        sources[source] = id
    }

    /// For other processes to see, and for this one at its next turn.
    func routesChanged() throws {
        state.routes += 1
        routes = try Routes(loadedBy: statements)
    }
}

/// The one row of `state`.
struct FileState: Equatable {
    var lastNumber: Int64 = 0
    var journalBytes: Int64 = 0
    var prunedTo: Int64 = 0
    var routes: Int64 = 0

    init() {}

    init(_ row: Statement) {
        lastNumber = row.integer(0)
        journalBytes = row.integer(1)
        prunedTo = row.integer(2)
        routes = row.integer(3)
    }
}

/// How long accepted events are kept for replay and audit.
package struct JournalLimits: Sendable, Equatable {
    package var isOff = false
    package var age: Duration
    package var bytes: Int64

    package init(age: Duration = .seconds(7 * 86_400), bytes: Int64 = 10_000_000_000) {
        self.age = age
        self.bytes = bytes
    }

    package static var off: JournalLimits {
        var limits = JournalLimits(age: .zero, bytes: 0)
        limits.isOff = true
        return limits
    }
}
