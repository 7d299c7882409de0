// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Glibc
internal import Synchronization

/// This process as the database knows it: a row with a lease, by the database's clock. Claims are held by it. Renewed at a third of the
/// lease, and whenever a worker asks what it has lost; one that was not renewed in time (a process that stood still) goes on with the same
/// row: what nobody took over meanwhile is still its own.
///
/// Sendable because what others look at is behind its mutex, and the timer is touched on its store's loop alone.
final class Session: @unchecked Sendable {
    private struct State {
        var id: Int64 = 0
        /// In monotonic nanoseconds, from before the question was sent.
        var renewed: UInt64 = 0
        var heldUntil: UInt64 = 0
        var ailment: String?
    }

    let lease: Duration
    private let state = Mutex(State())
    private var timer: LoopTimer?

    init(lease: Duration) {
        self.lease = lease
    }

    var id: Int64 { state.withLock { $0.id } }
    var ailment: String? { state.withLock { $0.ailment } }

    /// Nobody can have taken anything over yet: new claims are made only then.
    var isHeld: Bool { state.withLock { MonotonicClock.now < $0.heldUntil } }
    var isDue: Bool { state.withLock { MonotonicClock.now &- $0.renewed >= (lease / 3).inNanoseconds } }

    func renewed(asOf moment: UInt64) {
        state.withLock { state in
            state.renewed = max(state.renewed, moment)
            state.heldUntil = max(state.heldUntil, moment &+ lease.inNanoseconds)
            state.ailment = nil
        }
    }

    func opened(_ id: Int64, asOf moment: UInt64) {
        state.withLock { $0.id = id }
        renewed(asOf: moment)
    }

    func failed(_ why: String) { state.withLock { $0.ailment = why } }

    func schedule(on loop: Loop, after pause: Duration, _ body: @escaping () -> Void) {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: pause, body)
    }

    func stop(on loop: Loop) {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}

extension Query {
    /// Writes nothing once the tables have gone on to what no longer works with this program: a step that takes something away is taken
    /// while no session can be written, and only programs that have one are waited for.
    ///
    /// The row may have been taken away: then it is made again.
    fileprivate static let keepSession = Query(
        "session_keep",
        """
        INSERT INTO session (id, until, speaks, keeps, program, host, pid)
        SELECT $7::int8, clock_timestamp() + $1::int8 * interval '1 millisecond', $2::int8, $3::int8, $4::text, $5::text, $6::int8
        WHERE NOT EXISTS (SELECT FROM migration WHERE oldest > $2::int8)
        ON CONFLICT (id) DO UPDATE SET until = excluded.until, speaks = excluded.speaks, keeps = excluded.keeps
        RETURNING id
        """)
    fileprivate static let closeSession = Query("session_close", "DELETE FROM session WHERE id = $1::int8")
}

extension PostgresStore {
    /// A third of the lease, or sooner when the last time failed.
    private var beatPause: Duration { options.lease / 3 }
    private var beatRetryPause: Duration { min(options.lease / 6, .milliseconds(500)) }

    private var sessionParameters: [Parameter] {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        return [
            .integer(options.lease.inMilliseconds), .integer(Migration.current),
            options.prunes ? .integer(options.ledgerDays) : .null, .text(options.program),
            .text(String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)), .integer(Int(getpid())),
        ]
    }

    func openSession() async throws(PostgresFailure) {
        let begin = MonotonicClock.now
        // Drawn, and not counted: a database that was restored counts from where it was, and a process that lives makes its row anew.
        let id = Int64.random(in: 1...Int64.max)
        guard Self.isKept(try await ask([keeping(id)], on: beats)) else { throw Self.outgrown }
        session.opened(id, asOf: begin)
    }

    /// Only what it can do at once: a process must not wait for a database at its end.
    func closeSession() async {
        _ = await withCheckedContinuation { continuation in
            let posted = door.post { [self] in
                guard session.id != 0, beats.ailment == nil else { return continuation.resume(returning: false) }
                beats.take(within: .seconds(1)) { [self] taken in
                    guard case .success(let lease) = taken else { return continuation.resume(returning: false) }
                    lease.line.ask([Query.closeSession(.integer(session.id))], in: lease.incarnation, within: .seconds(2)) { _ in
                        continuation.resume(returning: true)
                    }
                }
            }
            if !posted { continuation.resume(returning: false) }
        }
    }

    var renewal: Call { keeping(session.id) }

    private func keeping(_ id: Int64) -> Call { Call(query: .keepSession, parameters: sessionParameters + [.integer(id)]) }

    /// - Parameter rows: what a renewal and others behind it were answered.
    static func isKept(_ rows: [Rows]) -> Bool { !(rows.first?.isEmpty ?? true) }

    static var outgrown: PostgresFailure {
        PostgresFailure(.unfit, "the tables no longer work with programs that speak \(Migration.current): run a newer version of Flotilla")
    }

    /// On the loop.
    func scheduleBeat() {
        session.schedule(on: loop, after: beatPause) { [weak self] in self?.beat() }
    }

    private func beat() {
        let begin = MonotonicClock.now
        let limit = max(options.lease / 2, .milliseconds(500))
        let done: (Line.Answer) -> Void = { [self] answer in
            do throws(PostgresFailure) {
                guard Self.isKept(try answer.get()) else { throw Self.outgrown }
                session.renewed(asOf: begin)
                scheduleBeat()
            } catch {
                session.failed(error.description)
                session.schedule(on: loop, after: beatRetryPause) { [weak self] in self?.beat() }
            }
        }
        beats.take(within: limit) { [self] taken in
            switch taken {
            case .failure(let failure): done(.failure(failure))
            case .success(let lease):
                lease.line.ask([renewal], in: lease.incarnation, within: limit) { [self] answer in
                    beats.release(lease)
                    done(answer)
                }
            }
        }
    }
}
