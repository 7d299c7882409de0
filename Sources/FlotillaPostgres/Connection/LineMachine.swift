// SPDX-License-Identifier: Apache-2.0

/// Decides what a connection to the database does next. Pure: a Line tells it what happened and carries out what it answers.
struct LineMachine: Sendable {
    enum State: Equatable {
        case idle
        case connecting(host: Int)
        case open(host: Int)
        /// Comes back by itself, at this host.
        case lost(next: Int)
        case closed
    }

    enum Happening: Equatable {
        case start
        case connected
        /// Connecting did not work, or an open connection is gone.
        case failed(String)
        case waited
        case close
    }

    enum Action: Equatable {
        case connect(host: Int)
        case wait(Duration)
        /// Whoever waits for an answer is told why there is none.
        case tearDown(why: String)
        case resume
    }

    private(set) var state = State.idle
    /// Why there is no connection; nil when there is one, and as long as not every host has failed.
    private(set) var ailment: String?
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
            ailment = "the connection to the database is closed"
            return [.tearDown(why: "the connection to the database is closed")]
        case (.idle, .start):
            // Not always the first: a store that is made anew again and again must come to the others, too.
            let first = min(Int(chance * Double(hosts)), hosts - 1)
            state = .connecting(host: first)
            return [.connect(host: first)]
        case (.connecting(let host), .connected):
            state = .open(host: host)
            failures = 0
            ailment = nil
            return [.resume]
        case (.connecting(let host), .failed(let why)), (.open(let host), .failed(let why)):
            state = .lost(next: (host + 1) % hosts)
            failures += 1
            // Every host once before anybody is told, and before the pause grows.
            if failures >= hosts { ailment = why }
            let ceiling = Self.firstPause * (1 << min((failures - 1) / hosts, 10))
            return [.tearDown(why: why), .wait(min(ceiling, Self.longestPause) * (0.5 + 0.5 * chance))]
        case (.lost(let next), .waited):
            state = .connecting(host: next)
            return [.connect(host: next)]
        default:
            // What comes too late: a timer of a connection that was closed.
            return []
        }
    }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }
}
