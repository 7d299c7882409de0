// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Sees what a worker does: metrics and logs in production, signals in tests, the end of the process in crash tests.
/// Called on the path of every event: it must be quick.
package protocol WorkerWatcher: Sendable {
    func reached(_ stage: PipelineStage, _ delivery: Delivery)
    func claimed(_ delivery: Delivery, _ answer: ClaimAnswer)
    func handled(_ event: Event, _ delivery: Delivery, took: Duration)
    func settled(_ delivery: Delivery, _ settlement: Settlement)
    func reached(_ stage: EffectStage, of effect: String, _ delivery: Delivery)
    func effect(_ name: String, _ result: EffectResult, _ delivery: Delivery)
    func waiting(for step: String, because error: any Error)
    /// Its partition key is at work: a copy of it comes later.
    func postponed(_ delivery: Delivery, by delay: Duration)
    /// Places in strict lanes were given up, because for a day others of their lanes were asked for, and they were not.
    func forgot(tickets count: Int)
    /// So many parked events are back in the queue, because their connection is authorised again.
    func resumed(_ count: Int, of connection: String?)
}

extension WorkerWatcher {
    package func reached(_ stage: PipelineStage, _ delivery: Delivery) {}
    package func claimed(_ delivery: Delivery, _ answer: ClaimAnswer) {}
    package func handled(_ event: Event, _ delivery: Delivery, took: Duration) {}
    package func settled(_ delivery: Delivery, _ settlement: Settlement) {}
    package func reached(_ stage: EffectStage, of effect: String, _ delivery: Delivery) {}
    package func effect(_ name: String, _ result: EffectResult, _ delivery: Delivery) {}
    package func waiting(for step: String, because error: any Error) {}
    package func postponed(_ delivery: Delivery, by delay: Duration) {}
    package func forgot(tickets count: Int) {}
    package func resumed(_ count: Int, of connection: String?) {}
}

package struct NoWatcher: WorkerWatcher {
    package init() {}
}
