// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

extension PipelineSteps {
    /// What one run of the handler does its effects with.
    func effects(of event: Event, _ delivery: Delivery, _ run: HandlerRun) -> EffectRun {
        let (broker, watcher, clock) = (broker, watcher, clock)
        var means = EffectRun.Means(
            effects: effects, vault: vault, sleeper: sleeper, now: { clock.now }, publish: { try await broker.publish([$0]) })
        means.reached = { watcher.reached($0, of: $1, delivery) }
        means.ended = { watcher.effect($0, $1, delivery) }
        means.waits = { watcher.waiting(for: $0, because: $1) }
        means.losesClaim = { run.cancel(for: .lostClaim) }
        let parent = EffectRun.Parent(consumer: queue, source: event.source, id: event.id, extensions: event.extensions)
        return EffectRun(parent, claim: run.claim, means)
    }
}

extension EffectRun {
    /// How the handler ended, after a word of its effects: an unknown one ends the event whatever the handler says, and a store or broker
    /// that was away till the deadline costs no attempt.
    func ending(_ ending: HandlerRun.Ending) -> HandlerRun.Ending {
        end()
        switch ending {
        case .returned, .threw: return stop.map { .threw($0) } ?? ending
        case .overran: return isHeldUp ? .stopped : ending
        case .lostClaim, .stopped: return ending
        }
    }
}
