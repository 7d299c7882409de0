// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaRuntime

/// What the parts of a process share. Made by its program when the configuration is sound, let go when the last part has ended.
package struct ProcessResources: Sendable {
    package let program: String
    package let log: Logger
    package let metrics: MetricsRegistry
    package let health: Health
    package let adapters: Adapters
    /// Reads the configuration anew: files may have changed.
    package let configuration: @Sendable () -> Configuration
    /// Timers and signals; nothing on it blocks.
    package let loop: Loop
    package let clock: any WallClock
    /// One for the process: an event that may end it runs alone in it.
    package let solitude = Solitude()

    package var sleeper: any Sleeper { LoopSleeper(loop) }
}
