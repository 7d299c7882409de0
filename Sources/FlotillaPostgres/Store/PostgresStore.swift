// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The database of one process: its connections, its session, and what keeps both. Opened by `open`, which brings the schema to this
/// version, ended by `close`. The stores on it (ledger, secrets, …) are made of it, and have nothing of their own to end.
///
/// Connections of three kinds, on one Loop that nothing blocks: some for whatever is asked, one for the session's lease, so that it never
/// waits behind a batch, and those of the ledger's batches.
///
/// Sendable because only the thread of its loop touches what is mutable here.
package final class PostgresStore: @unchecked Sendable {
    package struct Options: Sendable {
        /// The PostgreSQL schema with the fleet's tables: several fleets can share a database.
        package var schema = "flotilla"
        package var program = "flotilla"
        /// How long what a vanished process held stays held.
        package var lease = Duration.seconds(30)
        /// For how long outcomes are kept, at least.
        package var ledgerDays = 14
        /// Whether this process says how long outcomes are kept, and lets go of what is older.
        package var prunes = true
        /// Whether the schema is made or brought up, and a session opened; a command that looks at what is there does neither.
        package var create = true
        /// Claims or marks that travel together, at most.
        package var batch = 512
        /// How long a question may wait for its answer, in all.
        package var patience = Duration.seconds(10)

        package init() {}
    }

    let address: StoreAddress
    let options: Options
    let loop: Loop
    let door: Door
    let random: any RandomSource
    /// For whatever is asked.
    let calls: Pool
    /// For the session's lease alone.
    let beats: Pool
    /// For batches: of claims, of marks, of lanes, and of effects.
    let claims: Pool
    let marks: Pool
    let lanes: Pool
    let effects: Pool
    let session: Session
    /// Claims that callers of this process have been given and have not marked.
    let holdings = Holdings()
    private let resolver: Resolver
    private let resolverLoop: Loop
    private let upkeep = Mutex<Task<Void, Never>?>(nil)
    private let isClosed = Atomic(false)
    let bell = Bell()

    /// How often a transaction is tried again that others were in the way of.
    static let collisionLimit = 8

    package static func open(
        _ address: StoreAddress, options: Options = Options(), random: any RandomSource = SystemRandom()
    ) async throws -> PostgresStore {
        let store = try PostgresStore(address, options, random)
        do {
            try await store.prepare()
            return store
        } catch {
            await store.close()
            throw error
        }
    }

    /// With its connections alone: for what brings the schema up.
    static func connect(_ address: StoreAddress, options: Options) async throws -> PostgresStore {
        try PostgresStore(address, options, SystemRandom())
    }

    private init(_ address: StoreAddress, _ options: Options, _ random: any RandomSource) throws {
        self.address = address
        self.options = options
        self.random = random
        let loop = try Loop("postgres")
        self.loop = loop
        do {
            resolverLoop = try Loop("postgres-names")
        } catch {
            loop.stop()
            throw error
        }
        door = Door(loop)
        let resolver = Resolver(resolverLoop)
        self.resolver = resolver
        func pool(_ purpose: String, _ count: Int, isHot: Bool = false) -> Pool {
            var settings = LineSettings()
            settings.program = "\(options.program) \(purpose)"
            settings.schema = options.schema
            settings.isHot = isHot
            settings.statementLimit = options.patience * 0.6
            settings.lockLimit = options.patience * 0.3
            let lines = (0..<count).map { _ in Line(address, settings: settings, loop: loop, resolver: resolver, random: random) }
            return Pool(lines, loop: loop)
        }
        calls = pool("calls", 2)
        beats = pool("session", 1)
        claims = pool("claims", 1, isHot: true)
        marks = pool("marks", 1, isHot: true)
        lanes = pool("lanes", 1)
        effects = pool("effects", 1)
        session = Session(lease: options.lease)
    }

    private func prepare() async throws {
        let migrator = Migrator(self)
        guard options.create else { return try await migrator.check() }
        try await migrator.bringUp()
        bell.neglect = try await keepPartitions()
        try await openSession()
        door.post { [weak self] in self?.scheduleBeat() }
        let keeping = Task { [weak self] in
            while !Task.isCancelled, let store = self { await store.maintain() }
        }
        upkeep.withLock { $0 = keeping }
    }

    /// Whoever waits is told that it is closed; a session without claims ends at once.
    package func close() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await endUpkeep()
        if options.create { await closeSession() }
        await end()
    }

    /// Ends as a killed process does, for tests: its session stays behind.
    package func vanish() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await endUpkeep()
        await end()
    }

    private func endUpkeep() async {
        let keeping = upkeep.withLock { $0.take() }
        keeping?.cancel()
        bell.ring()
        await keeping?.value
    }

    private func end() async {
        await door.close { [self] in
            session.stop(on: loop)
            for pool in [calls, beats, claims, marks, lanes, effects] { pool.close() }
        }
        await resolver.close()
    }

    /// Nil when it can be asked; otherwise what is wrong, in words that may be shown.
    package func ailment() async -> String? {
        if isClosed.load(ordering: .acquiring) { return "the store is closed" }
        return await withCheckedContinuation { continuation in
            let posted = door.post { [self] in
                continuation.resume(
                    returning: [beats, calls, claims, marks, lanes, effects].lazy.compactMap(\.ailment).first ?? session.ailment)
            }
            if !posted { continuation.resume(returning: "the store is closed") }
        } ?? bell.neglect.flatMap { $0.isUrgent ? $0.words : nil }
    }

    /// What will stop it some day unless somebody mends it.
    package var warning: String? { bell.neglect.flatMap { $0.isUrgent ? nil : $0.words } }

    /// How an operator would name it.
    package var description: String { address.description }

    // MARK: Asking

    /// Several statements as one transaction, in one round trip. Tried again when others were in the way and nothing was done.
    func ask(_ calls: [Call]) async throws(PostgresFailure) -> [Rows] { try await ask(calls, on: self.calls) }

    func ask(_ call: Call) async throws(PostgresFailure) -> Rows { try await ask([call])[0] }

    func ask(_ calls: [Call], on pool: Pool) async throws(PostgresFailure) -> [Rows] {
        var attempt = 0
        while true {
            let answer = await withCheckedContinuation { continuation in
                let posted = door.post { [self] in
                    pool.take(within: options.patience) { taken in
                        switch taken {
                        case .failure(let failure): continuation.resume(returning: Line.Answer.failure(failure))
                        case .success(let lease):
                            lease.line.ask(calls, in: lease.incarnation, within: self.options.patience) { answer in
                                continuation.resume(returning: answer)
                                pool.release(lease)
                            }
                        }
                    }
                }
                if !posted { continuation.resume(returning: .failure(.away("the store is closed"))) }
            }
            do {
                return try answer.get()
            } catch {
                attempt += 1
                guard error.isCollision, attempt < Self.collisionLimit else { throw error }
            }
        }
    }

    /// A transaction of several round trips: `body` asks through what it is given, and may be run again when others were in the way. What
    /// it throws undoes everything. When the connection was lost at its end, whether it was done is not known.
    func transaction<Value: Sendable>(
        within limit: Duration? = nil, _ body: @Sendable (Transaction) async throws -> Value
    ) async throws -> Value {
        var attempt = 0
        while true {
            let transaction = Transaction(try await lease(), store: self, limit: limit ?? options.patience)
            do {
                let value = try await body(transaction)
                try await transaction.end()
                return value
            } catch {
                await transaction.abandon()
                attempt += 1
                guard let failure = error as? PostgresFailure, failure.isCollision, attempt < Self.collisionLimit else { throw error }
            }
        }
    }

    private func lease() async throws(PostgresFailure) -> Lease {
        let taken = await withCheckedContinuation { continuation in
            let posted = door.post { [self] in calls.take(within: options.patience) { continuation.resume(returning: $0) } }
            if !posted { continuation.resume(returning: .failure(PostgresFailure.away("the store is closed"))) }
        }
        return try taken.get()
    }
}
