// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Glibc
internal import Synchronization

/// The fault switch: ends the process with SIGKILL at one point of each event's life, once for each event.
final class PointKiller: WorkerWatcher {
    private let point: (attempt: Int, stage: String)
    private let kills: LineFile
    private let killed: Mutex<Set<String>>

    init(_ point: (attempt: Int, stage: String), _ orders: Orders) {
        self.point = point
        kills = LineFile(orders.kills)
        killed = Mutex(Set(LineFile.lines(of: orders.kills)))
    }

    func reached(_ stage: PipelineStage, _ delivery: Delivery) { reached(stage.rawValue, delivery) }

    func reached(_ stage: EffectStage, of effect: String, _ delivery: Delivery) { reached(stage.rawValue, delivery) }

    private func reached(_ stage: String, _ delivery: Delivery) {
        guard stage == point.stage, delivery.passage.attempt == point.attempt, let id = try? delivery.content.get().id else { return }
        guard killed.withLock({ $0.insert(id).inserted }) else { return }
        kills.append(id)
        kill(getpid(), SIGKILL)
        // It comes when it comes: nothing may happen meanwhile.
        while true { pause() }
    }
}
