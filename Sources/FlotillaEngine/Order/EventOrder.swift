// SPDX-License-Identifier: Apache-2.0

/// What a handler asks for among the events of one partition key (the extension `partitionkey` of CloudEvents) in its queue, across all
/// replicas of its worker. Different keys run in parallel; events without a key are bound by nothing.
public enum EventOrder: Sendable, Equatable {
    /// None: events of one key may run at the same time.
    case none
    /// One at a time. An event that is tried again later may be overtaken.
    case exclusive
    /// One at a time, in the order of their first arrival: while one waits to be tried again, all behind it wait.
    case strict
}
