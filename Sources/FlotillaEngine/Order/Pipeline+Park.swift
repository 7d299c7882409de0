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
            while true {
                // Nothing of the handler runs: there is nobody to be alone from.
                switch try await steps.claim(key, delivery, alone: true) {
                case .run(let fence), .crashed(let fence, _):
                    let claim = HeldClaim(key: key, fence: fence)
                    if try await steps.settle(delivery, as: settlement, under: claim, since: sight) { return }
                case .duplicate, .superseded: return delivery.acknowledge()
                case .busy(let until): return try await steps.postpone(delivery, until: until)
                case .alone: return delivery.giveBack()
                }
            }
        } catch {
            delivery.giveBack()
        }
    }
}
