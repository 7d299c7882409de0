// SPDX-License-Identifier: Apache-2.0

/// Decides what a group of services does next. It only counts and answers; `ServiceGroup` performs the actions.
///
/// Stages drain one after the other (ingress, then workers, then the broker that both need), the services of one stage together.
struct DrainPlan {
    enum Happening {
        case signal(ProcessSignal)
        /// A service's `run` has ended.
        case ended(Int, (any Error)?)
        /// A service's `drain` has returned.
        case asked(Int)
        case deadline
        /// Cancelled services have had the time they get to end.
        case overdue
    }

    enum Action: Equatable {
        case reload
        case startDeadline
        case drain(Int)
        case cancelAll
        case startOverdue
        /// Give up waiting for services that do not even heed their cancellation.
        case abandon
        case finish
    }

    private let stages: [[Int]]
    private let names: [String]
    private var running: Set<Int>
    private var asking: Set<Int> = []
    /// How many stages have been asked to drain; nil before there is a reason to.
    private var drained: Int?
    private var signalled = false
    private var cancelled = false
    private(set) var ending = Ending.drained

    /// The names of the services of each stage; a service's index counts through all of them.
    init(stages: [[String]]) {
        names = stages.flatMap { $0 }
        var next = 0
        self.stages = stages.map { stage in
            defer { next += stage.count }
            return Array(next..<next + stage.count)
        }
        running = Set(names.indices)
    }

    mutating func take(_ happening: Happening) -> [Action] {
        switch happening {
        case .signal(.hangup): return drained == nil ? [.reload] : []
        case .signal(let signal):
            guard signalled else {
                signalled = true
                return beginDraining()
            }
            guard !cancelled else { return [.abandon] }
            return stop(.secondSignal(signal)) + [.abandon]
        case .ended(let service, let error):
            running.remove(service)
            if let error, !cancelled { end(.failed(service: names[service], error: error)) }
            return drained == nil ? beginDraining() : goOn()
        case .asked(let service):
            asking.remove(service)
            return goOn()
        case .deadline:
            return cancelled ? [] : stop(.deadline) + [.startOverdue]
        case .overdue: return [.abandon]
        }
    }

    private mutating func beginDraining() -> [Action] {
        guard drained == nil else { return [] }
        drained = 0
        let next = goOn()
        return next == [.finish] ? next : [.startDeadline] + next
    }

    /// Asks the next stage once the one before it holds nothing more.
    private mutating func goOn() -> [Action] {
        if running.isEmpty && asking.isEmpty { return [.finish] }
        guard !cancelled, var stage = drained else { return [] }
        var actions: [Action] = []
        while stage < stages.count, stage == 0 || stages[stage - 1].allSatisfy({ !running.contains($0) && !asking.contains($0) }) {
            let alive = stages[stage].filter(running.contains)
            asking.formUnion(alive)
            actions += alive.map { .drain($0) }
            stage += 1
        }
        drained = stage
        return actions
    }

    private mutating func stop(_ how: Ending) -> [Action] {
        end(how)
        cancelled = true
        return [.cancelAll]
    }

    /// A failure stays the reason, however the rest then ends.
    private mutating func end(_ how: Ending) {
        if case .drained = ending { ending = how }
    }
}
