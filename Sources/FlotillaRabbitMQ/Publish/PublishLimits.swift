// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// How much a publishing connection has on its way, and how long it waits.
struct PublishLimits: Sendable {
    var unconfirmed = 4096
    var unconfirmedBytes = 64 << 20
    /// Whether some of what it carries may be larger than the broker takes.
    var isForLarge = false
    var patience = Duration.seconds(10)
    /// How long nothing may be confirmed: longer than the election of a queue's leader takes. What is large may take long by itself.
    var silence: Duration { isForLarge ? patience : min(patience / 2, .seconds(5)) }

    /// About one at a time: the broker writes each into the log that all queues share, and small ones wait meanwhile.
    static func large(patience: Duration) -> PublishLimits {
        PublishLimits(unconfirmedBytes: 8 << 20, isForLarge: true, patience: patience)
    }
}
