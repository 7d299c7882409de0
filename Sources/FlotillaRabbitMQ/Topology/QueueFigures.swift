// SPDX-License-Identifier: Apache-2.0

/// What AMQP does not tell of a queue, and RabbitMQ's management API does.
package struct QueueFigures: Sendable, Equatable {
    /// Delivered to workers, and not acknowledged.
    package var held: Int
    /// Since the queue was made, or the broker's statistics were.
    package var entered: Int
    package var gone: Int

    package init(held: Int, entered: Int, gone: Int) {
        self.held = held
        self.entered = entered
        self.gone = gone
    }
}
