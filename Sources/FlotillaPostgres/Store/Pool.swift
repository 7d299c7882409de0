// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// A line that somebody has for himself, until he releases it.
struct Lease: Sendable {
    let line: Line
    /// Of the connection as it was when the line was handed out: what belongs together must not go on over another one.
    let incarnation: Int
}

/// A few lines of one kind, handed out one at a time. The first is begun by `start`, others when all that there are have something to do.
///
/// Whoever wants one while all are away is told so at once; while they are busy, or connecting for the first time, he waits, up to a limit.
///
/// Sendable because only the thread of its loop touches what is mutable here.
final class Pool: LineOwner, @unchecked Sendable {
    private struct Waiting {
        let number: Int
        let timer: LoopTimer
        let body: (Result<Lease, PostgresFailure>) -> Void
    }

    private let loop: Loop
    private let lines: [Line]
    private var lent: Set<ObjectIdentifier> = []
    private var waiting: [Waiting] = []
    private var lastNumber = 0
    private var isClosed = false

    init(_ lines: [Line], loop: Loop) {
        self.lines = lines
        self.loop = loop
        for line in lines { line.owner = self }
    }

    func start() { lines.first?.start() }

    func close() {
        isClosed = true
        for line in lines { line.close() }
    }

    /// Why there is none at all; nil as long as nothing has failed.
    var ailment: String? {
        let started = lines.filter(\.isStarted)
        guard !started.isEmpty, started.allSatisfy({ $0.ailment != nil }) else { return nil }
        return started.first?.ailment
    }

    func take(within limit: Duration, _ body: @escaping (Result<Lease, PostgresFailure>) -> Void) {
        if let line = lines.first(where: { $0.isFree && !lent.contains(ObjectIdentifier($0)) }) {
            return body(.success(lend(line)))
        }
        if isClosed { return body(.failure(.away("the connection to the database is closed"))) }
        if let ailment { return body(.failure(.away(ailment))) }
        lines.first { !$0.isStarted }?.start()
        lastNumber += 1
        let number = lastNumber
        let timer = loop.schedule(after: limit) { [weak self] in
            guard let self, let index = waiting.firstIndex(where: { $0.number == number }) else { return }
            waiting.remove(at: index).body(.failure(.away("no connection to the database was free in time")))
        }
        waiting.append(Waiting(number: number, timer: timer, body: body))
    }

    /// What was begun on it and not ended is undone with its connection.
    func release(_ lease: Lease) {
        lent.remove(ObjectIdentifier(lease.line))
        if lease.line.isInTransaction { lease.line.drop("a transaction was not ended") }
        if lease.line.isFree { ready(lease.line) }
    }

    private func lend(_ line: Line) -> Lease {
        lent.insert(ObjectIdentifier(line))
        return Lease(line: line, incarnation: line.incarnation)
    }

    // MARK: Lines

    func ready(_ line: Line) {
        guard line.isFree, !lent.contains(ObjectIdentifier(line)), !waiting.isEmpty else { return }
        let next = waiting.removeFirst()
        loop.cancel(next.timer)
        next.body(.success(lend(line)))
    }

    func lost(_ line: Line) {
        guard let ailment else { return }
        let failed = waiting
        waiting = []
        for one in failed {
            loop.cancel(one.timer)
            one.body(.failure(.away(ailment)))
        }
    }
}
