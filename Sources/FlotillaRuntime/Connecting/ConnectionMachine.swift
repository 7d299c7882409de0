// SPDX-License-Identifier: Apache-2.0

/// Decides what a connection that comes back by itself does next, through a list of hosts. Pure: its owner tells it what happened and
/// carries out what it answers.
package struct ConnectionMachine: Sendable {
    package enum State: Sendable, Equatable {
        case idle
        case connecting(host: Int)
        case open(host: Int)
        /// The server is there and takes nothing more for now: a broker whose memory or disk is short says so, a database does not.
        case blocked(host: Int, why: String)
        /// Comes back by itself, at this host.
        case lost(next: Int)
        case closed
    }

    package enum Happening: Sendable, Equatable {
        case start
        case connected
        /// Connecting did not work, or an open connection is gone.
        case failed(String)
        case blocked(String)
        case unblocked
        case waited
        case close(String)
    }

    package enum Action: Sendable, Equatable {
        case connect(host: Int)
        case wait(Duration)
        /// Nothing is left of the connection. Whoever waits for an answer is told why there is none.
        case tearDown(why: String)
        case resume
    }

    package private(set) var state = State.idle
    /// Why there is no connection: from the first failure on, until there is one again.
    package private(set) var failure: String?
    private let hosts: Int
    private var failures = 0

    package static let firstPause = Duration.milliseconds(200)
    package static let longestPause = Duration.seconds(5)

    package init(hosts: Int) {
        self.hosts = max(1, hosts)
    }

    /// - Parameter chance: in 0 ..< 1, so that a fleet that was cut off together does not come back together.
    package mutating func handle(_ happening: Happening, chance: Double) -> [Action] {
        switch (state, happening) {
        case (.closed, _):
            return []
        case (_, .close(let why)):
            state = .closed
            failure = why
            return [.tearDown(why: why)]
        case (.idle, .start):
            // Not always the first: a fleet spreads over all of them, and what is made anew again and again does not stay at a dead one.
            let first = min(Int(chance * Double(hosts)), hosts - 1)
            state = .connecting(host: first)
            return [.connect(host: first)]
        case (.connecting(let host), .connected):
            state = .open(host: host)
            failure = nil
            failures = 0
            return [.resume]
        case (.open(let host), .blocked(let why)):
            state = .blocked(host: host, why: why)
            return []
        case (.blocked(let host, _), .unblocked):
            state = .open(host: host)
            return [.resume]
        case (.connecting(let host), .failed(let why)), (.open(let host), .failed(let why)), (.blocked(let host, _), .failed(let why)):
            // On from where it was, never from the beginning: the first host may be the one that is gone.
            state = .lost(next: (host + 1) % hosts)
            failure = why
            failures += 1
            // Every host once before the pause grows.
            let ceiling = Self.firstPause * (1 << min((failures - 1) / hosts, 10))
            return [.tearDown(why: why), .wait(min(ceiling, Self.longestPause) * (0.5 + 0.5 * chance))]
        case (.lost(let next), .waited):
            state = .connecting(host: next)
            return [.connect(host: next)]
        default:
            // What comes too late: a timer of a connection that was closed, a second alarm.
            return []
        }
    }

    package var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    package var isBlocked: Bool {
        if case .blocked = state { true } else { false }
    }

    /// Every host has failed since there was a connection, or it was closed: waiting a little does not help.
    package var isAway: Bool { state == .closed || failures >= hosts }
}
