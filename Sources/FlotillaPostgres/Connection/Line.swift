// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// Who uses a line. Called on its loop.
protocol LineOwner: AnyObject {
    /// It can be asked something: it has connected, or answered.
    func ready(_ line: Line)
    func lost(_ line: Line)
}

/// How the connections of a store differ from others of the same user.
struct LineSettings {
    /// In the server's list of connections.
    var program = "flotilla"
    var schema = "flotilla"
    /// Planned for tables that are large, whatever they were when a statement was prepared.
    var isHot = false
    /// What the server itself ends a statement after: sooner than the line is given up, so that a cancel request, which nobody would
    /// answer on a server that hangs, is not needed.
    var statementLimit = Duration.seconds(6)
    var lockLimit = Duration.seconds(3)
}

/// One connection that comes back by itself, through a list of hosts. Begun by `start`, ended by `close`. It is asked one thing at a time,
/// and every question is answered or fails by its deadline.
///
/// Sendable because only the thread of its loop touches what is mutable here.
final class Line: @unchecked Sendable {
    typealias Answer = Result<[Rows], PostgresFailure>

    private struct Question {
        let limit: Duration
        let completion: (Answer) -> Void
    }

    private let loop: Loop
    private let address: StoreAddress
    private let settings: LineSettings
    private let resolver: Resolver
    private let random: any RandomSource
    private var machine: ConnectionMachine
    private var link: Link?
    private var watch: Watch?
    private var isWatchedForWriting = false
    private var retry: LoopTimer?
    private var deadline: LoopTimer?
    private var question: Question?
    private var isResolving = false
    /// Counts connections: what belongs to an earlier one comes too late.
    private(set) var incarnation = 0
    weak var owner: (any LineOwner)?

    static let connectLimit = Duration.seconds(5)

    init(_ address: StoreAddress, settings: LineSettings, loop: Loop, resolver: Resolver, random: any RandomSource) {
        self.address = address
        self.settings = settings
        self.loop = loop
        self.resolver = resolver
        self.random = random
        machine = ConnectionMachine(hosts: address.hosts.count)
    }

    func start() { if machine.state == .idle { tell(.start) } }
    func close() { tell(.close("the connection to the database is closed")) }

    var isStarted: Bool { machine.state != .idle }
    /// May be asked.
    var isFree: Bool { machine.isOpen && question == nil }
    /// Not before every host has failed: until then, whoever waits goes on waiting.
    var ailment: String? { machine.isAway ? machine.failure : nil }

    /// - Parameter incarnation: of the connection that it belongs to; nil: any.
    func ask(_ calls: [Call], in incarnation: Int?, within limit: Duration, _ completion: @escaping (Answer) -> Void) {
        guard isFree, incarnation.map({ $0 == self.incarnation }) ?? true else {
            return completion(.failure(.away(ailment ?? "the connection to the database was lost")))
        }
        question = Question(limit: limit, completion: completion)
        sendOff(calls, within: limit)
    }

    /// An explicit transaction was begun and not ended.
    var isInTransaction: Bool { isFree && link?.isInTransaction ?? false }

    func drop(_ why: String) { tell(.failed(why)) }

    // MARK: What the machine says

    private func tell(_ happening: ConnectionMachine.Happening) {
        for action in machine.handle(happening, chance: random.unit()) {
            switch action {
            case .connect(let host): connect(host)
            case .wait(let pause): retry = loop.schedule(after: pause) { [weak self] in self?.tell(.waited) }
            case .tearDown(let why): tearDown(why)
            case .resume: owner?.ready(self)
            }
        }
    }

    private func tearDown(_ why: String) {
        incarnation += 1
        unwatch()
        if let retry { loop.cancel(retry) }
        if let deadline { loop.cancel(deadline) }
        (retry, deadline) = (nil, nil)
        link?.close()
        link = nil
        let asked = question
        question = nil
        asked?.completion(.failure(.away(why)))
        owner?.lost(self)
    }

    // MARK: Connecting

    private func connect(_ number: Int) {
        let host = address.hosts[number]
        let attempt = incarnation
        expire(after: Self.connectLimit, "\(host.description): no connection within \(Self.connectLimit.components.seconds) s")
        guard !host.isFolder else { return begin(host, nil) }
        guard !isResolving else { return tell(.failed("\(host.description): its name is still being looked up")) }
        isResolving = true
        resolver.resolve(host.name) { [weak self, loop] addresses in
            loop.post { [weak self] in
                guard let self else { return }
                isResolving = false
                guard incarnation == attempt, machine.state == .connecting(host: number) else { return }
                guard !addresses.isEmpty else { return tell(.failed("\(host.description): there is no host of this name")) }
                // One after the other, as often as this host is tried.
                begin(host, addresses[attempt / self.address.hosts.count % addresses.count])
            }
        }
    }

    private func begin(_ host: StoreAddress.Host, _ found: String?) {
        do throws(PostgresFailure) {
            let link = try Link(address.words(host, address: found, program: settings.program))
            self.link = link
            try watch(link, for: .writable) { [weak self] in self?.advance(host) }
        } catch {
            tell(.failed("\(host.description): \(error.description)"))
        }
    }

    private func advance(_ host: StoreAddress.Host) {
        guard let link else { return }
        // libpq may close this socket and open another one.
        unwatch()
        do throws(PostgresFailure) {
            switch link.poll() {
            case .reading: try watch(link, for: .readable) { [weak self] in self?.advance(host) }
            case .writing: try watch(link, for: .writable) { [weak self] in self?.advance(host) }
            case .failed(let why): throw .away(why)
            case .connected: try setUp(link, host)
            }
        } catch {
            tell(.failed("\(host.description): \(error.description)"))
        }
    }

    private func setUp(_ link: Link, _ host: StoreAddress.Host) throws(PostgresFailure) {
        try watch(link, for: .readable) { [weak self] in self?.serve() }
        question = Question(limit: Self.connectLimit) { [weak self] answer in
            guard let self else { return }
            switch answer {
            case .failure(let failure):
                if failure.kind != .away { tell(.failed("\(host.description): \(failure.description)")) }
            case .success(let rows):
                // With several hosts it is the one that writes that is looked for.
                if address.hosts.count > 1, rows.last?.first?.text(0) == "on" {
                    return tell(.failed("\(host.description): the database is read-only"))
                }
                tell(.connected)
            }
        }
        sendOff(Self.setup(settings, serverVersion: link.serverVersion), within: Self.connectLimit)
    }

    private static func setup(_ settings: LineSettings, serverVersion: Int) -> [Call] {
        var values = [
            ("search_path", "\"\(settings.schema)\""), ("statement_timeout", "\(settings.statementLimit.inMilliseconds)ms"),
            ("lock_timeout", "\(settings.lockLimit.inMilliseconds)ms"),
            // A process that stands still must not hold its locks.
            ("idle_in_transaction_session_timeout", "10s"), ("jit", "off"), ("default_transaction_isolation", "read committed"),
        ]
        // Whoever is gone does not keep others waiting for the rest of its statement.
        if serverVersion >= 140_000 { values.append(("client_connection_check_interval", "2s")) }
        let avoided = ["seqscan", "bitmapscan"] + (settings.isHot ? ["nestloop", "mergejoin"] : [])
        for kind in avoided { values.append(("enable_\(kind)", "off")) }
        let set = Query("", "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s (name, value)")
        return [
            set(.texts(values.map(\.0)), .texts(values.map(\.1))),
            Query("", "SELECT current_setting('transaction_read_only')")(),
        ]
    }

    // MARK: Asking

    private func sendOff(_ calls: [Call], within limit: Duration) {
        guard let link else { return }
        expire(after: limit, "the database did not answer within \(limit.inMilliseconds) ms")
        do throws(PostgresFailure) {
            try link.send(calls)
            try write(link)
        } catch {
            tell(.failed(error.description))
        }
    }

    private func write(_ link: Link) throws(PostgresFailure) {
        let isMore = try link.flush()
        guard isMore != isWatchedForWriting, let watch else { return }
        isWatchedForWriting = isMore
        loop.change(watch, to: isMore ? [.readable, .writable] : .readable)
    }

    private func serve() {
        guard let link else { return }
        do throws(PostgresFailure) {
            if isWatchedForWriting { try write(link) }
            try link.consume()
            guard let answer = try link.receive() else { return }
            if let deadline { loop.cancel(deadline) }
            deadline = nil
            let asked = question
            question = nil
            asked?.completion(answer)
            if isFree { owner?.ready(self) }
        } catch {
            tell(.failed(error.description))
        }
    }

    private func expire(after limit: Duration, _ why: String) {
        if let deadline { loop.cancel(deadline) }
        deadline = loop.schedule(after: limit) { [weak self] in self?.tell(.failed(why)) }
    }

    private func watch(_ link: Link, for interest: Readiness, _ body: @escaping () -> Void) throws(PostgresFailure) {
        do {
            watch = try loop.watch(link.descriptor, for: interest) { _ in body() }
        } catch {
            throw .away("the socket can't be watched: \(error)")
        }
    }

    private func unwatch() {
        if let watch { loop.cancel(watch) }
        watch = nil
        isWatchedForWriting = false
    }
}
