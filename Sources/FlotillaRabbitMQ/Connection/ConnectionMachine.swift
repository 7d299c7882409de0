// SPDX-License-Identifier: Apache-2.0

/// Decides what a connection to the broker does next. Pure: a Line tells it what happened and carries out what it answers.
struct ConnectionMachine: Sendable {
    enum State: Equatable {
        case idle
        case connecting(host: Int)
        case open(host: Int)
        /// The broker takes nothing more for now: its memory or disk is short.
        case blocked(host: Int, why: String)
        /// Comes back by itself, at this host.
        case lost(next: Int, why: String)
        case closed
    }

    enum Happening: Equatable {
        case start
        case connected
        /// Connecting did not work, or an open connection is gone.
        case failed(String)
        case blocked(String)
        case unblocked
        case waited
        case close
    }

    enum Action: Equatable {
        case connect(host: Int)
        case wait(Duration)
        /// Fail what was under way: nobody knows what became of it.
        case tearDown(why: String)
        case resume
    }

    private(set) var state = State.idle
    private let hosts: Int
    private var failures = 0

    static let firstPause = Duration.milliseconds(200)
    static let longestPause = Duration.seconds(5)

    init(hosts: Int) {
        self.hosts = max(1, hosts)
    }

    /// - Parameter chance: in 0 ..< 1, so that a fleet that was cut off together does not come back together.
    mutating func handle(_ happening: Happening, chance: Double) -> [Action] {
        switch (state, happening) {
        case (.closed, _):
            return []
        case (_, .close):
            state = .closed
            return [.tearDown(why: "it was closed")]
        case (.idle, .start):
            state = .connecting(host: 0)
            return [.connect(host: 0)]
        case (.connecting(let host), .connected):
            state = .open(host: host)
            failures = 0
            return [.resume]
        case (.connecting(let host), .failed(let why)):
            return lose(host, why, chance)
        case (.open(let host), .failed(let why)), (.blocked(let host, _), .failed(let why)):
            return [.tearDown(why: why)] + lose(host, why, chance)
        case (.open(let host), .blocked(let why)):
            state = .blocked(host: host, why: why)
            return []
        case (.blocked(let host, _), .unblocked):
            state = .open(host: host)
            return [.resume]
        case (.lost(let next, _), .waited):
            state = .connecting(host: next)
            return [.connect(host: next)]
        default:
            // What comes too late: a timer of a connection that was closed, a second alarm.
            return []
        }
    }

    private mutating func lose(_ host: Int, _ why: String, _ chance: Double) -> [Action] {
        state = .lost(next: (host + 1) % hosts, why: why)
        defer { failures += 1 }
        // Every host once before the pause grows.
        let ceiling = Self.firstPause * (1 << min(failures / hosts, 10))
        return [.wait(min(ceiling, Self.longestPause) * (0.5 + 0.5 * chance))]
    }

    var isBlocked: Bool {
        if case .blocked = state { true } else { false }
    }

    /// What keeps it from publishing or delivering, in words that may be shown.
    var ailment: String? {
        switch state {
        case .open: nil
        case .idle, .connecting: "the broker is not connected yet"
        case .blocked(_, let why): "the broker takes no messages: \(why)"
        case .lost(_, let why): "the broker is away: \(why)"
        case .closed: "the connection to the broker is closed"
        }
    }
}
