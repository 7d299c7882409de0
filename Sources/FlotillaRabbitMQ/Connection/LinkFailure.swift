// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ

/// Why a call to the broker did not work, in words that may be shown.
struct LinkFailure: Error, Equatable, CustomStringConvertible {
    enum Kind: Equatable {
        /// The connection is of no further use.
        case lost
        /// The broker closed the channel with this code; the connection goes on.
        case channel(Int)
    }

    let kind: Kind
    let description: String

    static func lost(_ why: String) -> LinkFailure { LinkFailure(kind: .lost, description: why) }

    var isMissing: Bool { kind == .channel(Int(AMQP_NOT_FOUND)) }
    var isForbidden: Bool { kind == .channel(Int(AMQP_ACCESS_REFUSED)) }
    var isDifferent: Bool { kind == .channel(Int(AMQP_PRECONDITION_FAILED)) }
    /// What is there under this name is of another kind.
    var isOfType: Bool { isDifferent && description.contains("x-queue-type") }

    /// Of a call that returned a status.
    static func status(_ what: String, _ code: Int32) -> LinkFailure {
        let text = amqp_error_string2(code).map { String(cString: $0) } ?? "status \(code)"
        return .lost("\(what): \(text)")
    }

    /// Of a connection that was not made. A certificate that is refused is told apart, for the remedy is in the URL.
    static func opening(_ place: String, _ code: Int32) -> LinkFailure {
        switch code {
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
            .lost("\(place): its certificate is for another host name")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue, AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue, AMQP_STATUS_SSL_ERROR.rawValue:
            .lost("\(place): TLS failed: is its certificate expired, or of an authority that cacertfile does not name?")
        default:
            .status("\(place) can't be reached", code)
        }
    }

    /// The broker's own words, as far as they are text: they name queues and arguments, never what was published.
    static func words(_ bytes: amqp_bytes_t) -> String {
        let text = String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len).prefix(400), as: UTF8.self)
        return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
    }
}
