// SPDX-License-Identifier: Apache-2.0

/// A failure, classed once, where it arises. Its reason is one plain sentence that holds no payload and no credential:
/// it is shown in logs and dead letters.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Class: Sendable, Equatable {
        /// It may work the next time.
        case transient
        /// The service named a time; until then it is not asked again, and no attempt is spent.
        case throttled(until: Timestamp)
        /// The consent of this connection is gone: its events are parked until it is back.
        case unauthorized(connection: String)
        /// The same call will never work.
        case permanent
        /// The event itself can't be handled: it is malformed, or it brings the process down.
        case poison

        /// The word in headers, metrics and listings.
        public var name: String {
            switch self {
            case .transient: "transient"
            case .throttled: "throttled"
            case .unauthorized: "unauthorized"
            case .permanent: "permanent"
            case .poison: "poison"
            }
        }
    }

    public let kind: Class
    public let reason: String

    public init(_ kind: Class, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// Whatever a handler throws: a Failure is taken at its word; of anything else only the type is told,
    /// because its text may hold what must not be shown.
    public init(thrown error: any Error) {
        self = error as? Failure ?? Failure(.transient, "the handler threw \(type(of: error))")
    }

    public var description: String { "\(kind.name): \(reason)" }
}
