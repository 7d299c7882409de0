// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Glibc
internal import Synchronization

/// Ends the process with SIGKILL at the ordered stage of each attempt, once for each attempt: an event that is killed in every one of its
/// attempts must still come to its end.
final class Killer: WorkerWatcher {
    private let stages: [PipelineStage]
    private let kills: LineFile
    private let killed: Mutex<Set<Int>>

    init(_ orders: Orders) {
        stages = orders.stages
        kills = LineFile(orders.kills)
        killed = Mutex(Set(LineFile.lines(of: orders.kills).compactMap { Int($0) }))
    }

    func reached(_ stage: PipelineStage, _ delivery: Delivery) {
        let attempt = delivery.passage.attempt
        guard let last = stages.last, stage == (stages.indices.contains(attempt - 1) ? stages[attempt - 1] : last) else { return }
        guard killed.withLock({ $0.insert(attempt).inserted }) else { return }
        kills.append("\(attempt)")
        kill(getpid(), SIGKILL)
    }
}
