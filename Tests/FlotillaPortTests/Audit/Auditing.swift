// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaOperate
import FlotillaRuntime
import Synchronization

/// Sleeps for no time, and remembers for how long it was asked to.
final class NoSleeper: Sleeper {
    let slept = Mutex<[Duration]>([])

    func sleep(for duration: Duration) async throws { slept.withLock { $0.append(duration) } }
}

/// What an audit finds, and the events that are missing.
func audit(
    _ broker: any BrokerInspection & JournalInspection, _ ledger: any LedgerInspection, since: Timestamp? = nil, keysAtOnce: Int = 1000,
    sleeper: NoSleeper = NoSleeper()
) async throws -> (report: AuditReport, missing: [MissingEvent]) {
    var missing: [MissingEvent] = []
    let report = try await Audit(broker, ledger, sleeper: sleeper, keysAtOnce: keysAtOnce).run(since: since) { missing.append($0) }
    return (report, missing)
}
