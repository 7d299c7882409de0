// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// The life of a delivery: decode, claim, handle, mark, settle.
///
/// The order is the guarantee. An effect is marked before the broker forgets the event; a retry, a dead letter or a parked copy is
/// confirmed first, then written in the ledger, and only then is the original acknowledged. A crash between any two steps leads to a
/// redelivery, never to a loss, and the ledger sees to it that no event lives twice.
///
/// A delivery with a partition key comes here when it is its turn: see `Order/`.
struct Pipeline: Sendable {
    let steps: PipelineSteps

    /// Where many wait to run alone: until it is tried again.
    private static let crowded = Duration.seconds(15)

    /// Returns when the delivery is settled, whatever happens: with what became of it, if this run has decided that, or thinks so.
    @discardableResult
    func run(_ delivery: Delivery) async -> Settlement? {
        steps.watcher.reached(.received, delivery)
        defer { steps.watcher.reached(.settled, delivery) }
        do {
            guard case .success(let event) = delivery.content else {
                try await steps.bury(delivery)
                return nil
            }
            if steps.handler.isRepeatable { return try await runUnclaimed(event, delivery) }
            return try await runClaimed(event, delivery)
        } catch {
            // The worker is cancelled, or the broker refused a copy: whoever is next takes the delivery as it was.
            delivery.giveBack()
            return nil
        }
    }

    private func runClaimed(_ event: Event, _ delivery: Delivery) async throws -> Settlement? {
        let key = try steps.key(of: event)
        var alone = false
        var refused: Settlement?
        while true {
            let solitary = alone
            guard await steps.solitude.enter(alone: solitary, now: steps.clock.uptime) else {
                try await steps.postpone(delivery, by: Self.crowded)
                return nil
            }
            defer { steps.solitude.leave(alone: solitary) }
            switch try await steps.claim(key, delivery, alone: solitary) {
            case .run(let fence):
                let claim = HeldClaim(key: key, fence: fence)
                let sight = steps.sight
                let settlement = await steps.handle(event, delivery, claim)
                if try await steps.settle(delivery, as: settlement, under: claim, since: sight) { return settlement }
                refused = settlement
            case .duplicate, .superseded:
                delivery.acknowledge()
                // A mark is refused, too, when it is repeated because its answer was lost.
                return refused
            case .busy(let until):
                try await steps.postpone(delivery, until: until)
                return nil
            case .alone:
                alone = true
            case .crashed(let fence, let crashes):
                let end = Settlement.dead(cause: Failure(.poison, "crashed: \(crashes) workers ended while they ran it"))
                if try await steps.settle(delivery, as: end, under: HeldClaim(key: key, fence: fence)) { return end }
            }
        }
    }

    private func runUnclaimed(_ event: Event, _ delivery: Delivery) async throws -> Settlement? {
        await steps.solitude.enter(alone: false)
        defer { steps.solitude.leave(alone: false) }
        let sight = steps.sight
        let settlement = await steps.handle(event, delivery, nil)
        try await steps.settleUnclaimed(delivery, as: settlement, steps.key(of: event), since: sight)
        return settlement
    }
}
