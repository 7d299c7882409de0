// SPDX-License-Identifier: Apache-2.0

/// Something that runs as long as its process: the HTTP server, a worker, a broker's connection.
///
/// A `ServiceGroup` calls `run` once, in a task of its own, and `drain` at most once, while `run` goes on. After `drain` the service
/// takes nothing new and finishes what it holds; when it holds nothing more, `run` returns. A `run` whose task is cancelled stops as
/// it is, and what it held comes back by redelivery. A `run` that returns unasked asks the whole group to finish; one that throws does
/// the same, and its error is how the group ends.
package protocol Service: Sendable {
    /// For log lines.
    var name: String { get }
    func run() async throws
    func drain() async
}
