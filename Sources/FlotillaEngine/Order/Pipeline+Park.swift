// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

extension Pipeline {
    /// Parks an event without running it, under a name by which it can be resumed.
    func park(_ delivery: Delivery, in connection: String, because reason: String) async {
        let sight = steps.sight
        let settlement = Settlement.park(connection: connection, cause: Failure(.transient, reason))
        do {
            guard case .success(let event) = delivery.content else { return try await steps.bury(delivery) }
            let key = try steps.key(of: event)
            if steps.handler.isRepeatable { return try await steps.settleUnclaimed(delivery, as: settlement, key, since: sight) }
            // Nothing of the handler runs: there is nobody to be alone from.
            switch try await steps.claim(key, delivery, alone: true) {
            case .run(let fence), .crashed(let fence, _):
                _ = try await steps.settle(delivery, as: settlement, under: HeldClaim(key: key, fence: fence), since: sight)
            case .duplicate, .superseded: delivery.acknowledge()
            case .busy(let until): try await steps.postpone(delivery, until: until)
            case .alone: delivery.giveBack()
            }
        } catch {
            delivery.giveBack()
        }
    }
}
