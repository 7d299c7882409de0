// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime
internal import Glibc
internal import Synchronization

/// One file as one process uses it: opened by `open`, ended by `close`. Broker and ledger of a process share it.
///
/// One connection on one Loop. Whatever waits when a turn begins is performed in one transaction and committed together with one
/// fsync: the commit is the confirm. Several processes may use the file; see FileLock and Doorbell.
package actor SQLiteFile {
    package struct Options: Sendable {
        package var journal = JournalLimits()
        /// How long what a vanished process held stays held, at most.
        package var lease: Duration = .seconds(30)
        /// How often it looks after its lease and those of others, at least.
        package var pace: Duration = .seconds(2)
        /// Rows of the ledger are kept this long after they last changed.
        package var ledgerAge: Duration = .seconds(14 * 86_400)
        package var program = "flotilla"
        /// Whether this process lets go of what is old: those that belong to the fleet do, a command that looks at it does not.
        package var prunes = true
        /// Where the walk over the ledger's keys begins. Anywhere: a fleet that is restarted each night comes around all the same.
        package var firstSlice = UInt16.random(in: 0..<4096)
        /// Whether a file that is not there is made.
        package var create = true
        /// Pages in the write-ahead log before it is copied into the file.
        package var checkpointPages = 2000

        package init() {}
    }

    package nonisolated let path: String
    private nonisolated let loop: Loop
    private nonisolated let inbox = Inbox()
    private nonisolated let options: Options
    private nonisolated let clock: any WallClock
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let lock: FileLock
    private let turn: Turn
    private let bell: Doorbell
    private let pages = WALPages()
    private var subscriptions: [SQLiteSubscription] = []
    private var timer: (due: Int64, timer: LoopTimer)?
    private var heartbeat: LoopTimer?
    private var renewed = Timestamp(microseconds: 0)
    private var pruner: Pruner
    private var trouble: (any Error)?
    private var closed = false
    /// Nothing more is promised for a file that nobody will find again.
    private var isReplaced = false

    /// A file that is damaged, foreign or newer is refused with its name, and left as it is.
    package static func open(_ path: String, options: Options = Options(), clock: any WallClock = SystemClock()) async throws -> SQLiteFile
    {
        let loop = try Loop("sqlite")
        do {
            let file = try SQLiteFile(path: path, options: options, clock: clock, loop: loop)
            try await file.start()
            return file
        } catch {
            loop.stop()
            throw error
        }
    }

    private init(path: String, options: Options, clock: any WallClock, loop: Loop) throws {
        self.path = path
        self.options = options
        pruner = Pruner(options)
        self.clock = clock
        self.loop = loop
        try FilePreparation.prepare(path, create: options.create)
        let lock = try FileLock(path: path + "-lock")
        self.lock = lock
        turn = try lock.holding {
            let database = try Database(path: path, create: true)
            let known = try Schema.recognise(database)
            try database.execute(Schema.pragmas)
            if !known { try database.execute(Schema.creation) }
            try Schema.bringUp(database)
            return try Turn(database: database, lock: lock, journal: options.journal)
        }
        bell = try Doorbell(path: path + "-lock", descriptor: lock.descriptor, loop: loop)
    }

    private func start() throws {
        turn.database.afterCommit(pages)
        try transact { turn in
            try Sessions.open(lease: options.lease, program: options.program, in: turn)
            try Sessions.reap(in: turn)
        }
        renewed = clock.now
        try bell.listen { [weak self] in self?.assumeIsolated { $0.stir() } }
        beat()
    }

    /// Ends the session, so that others may go on at once with what it held, and closes the file. Waiting subscriptions end.
    package nonisolated func close() async {
        // A loop that has ended answers nobody.
        guard !inbox.isClosed else { return }
        await end()
    }

    private func end() {
        guard !closed else { return }
        closed = true
        for subscription in subscriptions { subscription.end() }
        let rest = inbox.close()
        for operation in rest.operations { operation.finish(SQLiteFailure.closed(path: path)) }
        if let timer { loop.cancel(timer.timer) }
        if let heartbeat { loop.cancel(heartbeat) }
        bell.stop()
        // Failing here loses nothing: the lease ends what is left.
        try? transact { turn in
            for settled in rest.settled { try Deliveries.settle(settled, in: turn) }
            try Sessions.end(turn.session, in: turn)
        }
        ringOthers()
        _ = try? lock.holding { try turn.database.checkpoint(truncate: turn.otherSessions == 0) }
        turn.database.close()
        loop.stop()
    }

    /// Ends as a killed process does, for tests: nothing is said to the file, and the kernel lets go of the session's byte.
    package nonisolated func vanish() async {
        guard !inbox.isClosed else { return }
        await drop()
    }

    private func drop() {
        guard !closed else { return }
        closed = true
        for operation in inbox.close().operations { operation.finish(SQLiteFailure.closed(path: path)) }
        if let timer { loop.cancel(timer.timer) }
        if let heartbeat { loop.cancel(heartbeat) }
        bell.stop()
        for subscription in subscriptions { subscription.end() }
        lock.letGo(session: turn.session)
        turn.database.close()
        loop.stop()
    }

    /// What is wrong with the file, if the last turn failed.
    package nonisolated func ailment() async -> String? {
        guard !inbox.isClosed else { return SQLiteFailure.closed(path: path).description }
        return await lastTrouble
    }

    private var lastTrouble: String? {
        trouble.map { ($0 as? SQLiteFailure)?.description ?? "\(type(of: $0))" }
    }

    // MARK: From any task

    nonisolated func submit(_ operation: any Operation) {
        switch inbox.put(operation) {
        case .schedule: schedule()
        case .scheduled: break
        case .closed: operation.finish(SQLiteFailure.closed(path: path))
        }
    }

    /// In the next turn, together with whatever else waits; returns after the commit.
    nonisolated func write<Value: Sendable>(_ body: @escaping (Turn) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { submit(Work($0, body)) }
    }

    /// Outside of the lock: others may write meanwhile. Sees one state of the file.
    nonisolated func read<Value: Sendable>(_ body: @Sendable (Turn) throws -> Value) async throws -> Value {
        guard !inbox.isClosed else { throw SQLiteFailure.closed(path: path) }
        return try await readNow(body)
    }

    private func readNow<Value: Sendable>(_ body: @Sendable (Turn) throws -> Value) throws -> Value {
        guard !closed else { throw SQLiteFailure.closed(path: path) }
        try turn.database.execute("BEGIN")
        defer { try? turn.database.execute("ROLLBACK") }
        return try body(turn)
    }

    nonisolated func settle(_ settled: SettledDelivery) {
        // Nobody waits for it: if it does not reach the file, the delivery comes again, and the ledger knows it.
        if inbox.put(settled) == .schedule { schedule() }
    }

    nonisolated func add(_ subscription: SQLiteSubscription) async {
        guard !inbox.isClosed else { return subscription.end() }
        await begin(subscription)
    }

    private func begin(_ subscription: SQLiteSubscription) {
        guard !closed else { return subscription.end() }
        subscriptions.append(subscription)
        turn.stirred.insert(subscription.queueID)
        stir()
    }

    nonisolated func forget(_ subscription: SQLiteSubscription) {
        loop.post { self.assumeIsolated { file in file.subscriptions.removeAll { $0 === subscription } } }
    }

    private nonisolated func schedule() {
        loop.post { self.assumeIsolated { $0.runTurn() } }
    }

    // MARK: On the loop

    /// Something may have come from elsewhere.
    private func stir() {
        guard !closed else { return }
        if inbox.schedule() == .schedule { schedule() }
    }

    private func runTurn() {
        guard !closed else { return }
        let content = inbox.take()
        do {
            let catches = try transact { turn in
                for settled in content.settled { try Deliveries.settle(settled, in: turn) }
                for operation in content.operations { try operation.perform(in: turn) }
                try Deliveries.promote(in: turn)
                return try subscriptions.compactMap { try Fetching.fetch(for: $0, in: turn) }
            }
            for operation in content.operations { operation.finish(nil) }
            for caught in catches { caught.subscription.accept(caught.deliveries) }
            ringOthers()
        } catch {
            inbox.putBack(content.settled)
            performApart(content.operations, after: error)
            // What was settled and what is due must not wait for the next caller.
            if !content.settled.isEmpty || !subscriptions.isEmpty { armTimer(due: (clock.now + .milliseconds(250)).milliseconds) }
            return
        }
        checkpointIfLong()
        armTimer(due: turn.nextDue)
    }

    /// A turn failed. If the file itself is in trouble, all of it failed; otherwise one operation must not fail its neighbours.
    private func performApart(_ operations: [any Operation], after failure: any Error) {
        let hopeless = (failure as? SQLiteFailure)?.concernsFile ?? false
        for operation in operations {
            guard !hopeless, operations.count > 1 else {
                operation.finish(failure)
                continue
            }
            do {
                try transact { try operation.perform(in: $0) }
                operation.finish(nil)
                ringOthers()
            } catch {
                operation.finish(error)
            }
        }
    }

    /// One transaction under the lock: all of it or nothing.
    private func transact<Value>(_ body: (Turn) throws -> Value) throws -> Value {
        turn.prepare()
        do {
            if isReplaced { throw SQLiteFailure.replaced(path: path) }
            let value = try lock.holding {
                try turn.statements.begin.run()
                do {
                    try turn.begin(now: clock.now)
                    if turn.isTakenForDead, !closed { try reopenSession() }
                    let value = try body(turn)
                    try turn.end()
                    try turn.statements.commit.run()
                    return value
                } catch {
                    // SQLite rolls back by itself after some failures.
                    if turn.database.isInTransaction { try? turn.database.execute("ROLLBACK") }
                    throw error
                }
            }
            trouble = nil
            return value
        } catch {
            turn.forget()
            trouble = error
            throw error
        }
    }

    /// Before anything else of this transaction: what is fetched or claimed under an ended session is held by nobody who could vanish.
    private func reopenSession() throws {
        try Sessions.reopen(
            lease: options.lease, program: options.program, consuming: subscriptions.map(\.queueID), in: turn)
    }

    private func ringOthers() {
        if turn.rings, turn.otherSessions > 0 { bell.ring() }
    }

    private func checkpointIfLong() {
        guard pages.count >= options.checkpointPages else { return }
        pages.count = 0
        // If there is no space for it now, the log stays, and the next commit tries again.
        do { try lock.holding { try turn.database.checkpoint() } } catch { trouble = error }
    }

    private func armTimer(due: Int64?) {
        guard let due, timer?.due != due else { return }
        if let timer { loop.cancel(timer.timer) }
        let delay = Duration.milliseconds(max(0, due - clock.now.milliseconds) + 1)
        timer = (due, loop.schedule(after: delay) { [weak self] in self?.assumeIsolated { $0.timerFired() } })
    }

    private func timerFired() {
        timer = nil
        stir()
    }

    // MARK: The heartbeat

    private func beat() {
        guard !closed else { return }
        let interval = pruner.isBehind ? .milliseconds(20) : min(options.lease / 3, options.pace)
        heartbeat = loop.schedule(after: interval) { [weak self] in
            self?.assumeIsolated { file in
                file.care()
                file.beat()
            }
        }
    }

    /// Renews the lease, looks for sessions that vanished, prunes a little. Troubles here show in `ailment` and are tried again.
    private func care() {
        let now = clock.now
        isReplaced = isReplaced || !lock.isStill(at: path + "-lock") || access(path, F_OK) != 0
        let due = now - renewed >= options.lease / 3
        do {
            let watch = try turn.statements.sessions.rows { (id: $0.integer(0), until: $0.integer(1)) }
            let gone = watch.contains {
                $0.id != turn.session && ($0.until <= now.milliseconds || turn.lock.isGone(session: $0.id))
            }
            let pruning = options.prunes && pruner.hasWork(turn, options, now: now)
            guard due || gone || pruning || !watch.contains(where: { $0.id == turn.session }) else { return }
            try transact { turn in
                if try !Sessions.renew(lease: options.lease, in: turn) { try reopenSession() }
                try Sessions.reap(in: turn)
                if pruning { try pruner.prune(turn, options) }
            }
            renewed = now
            ringOthers()
            checkpointIfLong()
            stir()
        } catch {
            trouble = error
        }
    }
}
