// SPDX-License-Identifier: Apache-2.0

/// A request to another service.
package struct ClientRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: Headers
    package var body: [UInt8]
    /// From the call to the last byte of the answer.
    package var timeout: Duration
    /// A longer answer is a failure.
    package var bodyLimit: Int

    package init(
        method: String = "GET", url: String, headers: Headers = Headers(), body: [UInt8] = [], timeout: Duration = .seconds(30),
        bodyLimit: Int = 16 * 1024 * 1024
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.bodyLimit = bodyLimit
    }
}

/// What another service answered, whatever its status.
package struct ClientResponse: Sendable, Equatable {
    package var status: Int
    package var headers: Headers
    package var body: [UInt8]
}

/// Why there is no answer. No case holds the URL, which may hold a password, nor anything that was received.
package enum ClientFailure: Error, Equatable, CustomStringConvertible {
    case url, request, name, connect, tls, timeout, interrupted, answer, bodyTooLarge, cancelled, closed
    case other(Int32)

    package var description: String {
        switch self {
        case .url: "the URL is malformed or its scheme is not http or https"
        case .request: "the method or a header is malformed"
        case .name: "the name of the host was not found"
        case .connect: "the host does not accept a connection"
        case .tls: "TLS failed: the certificate or the protocol is not acceptable"
        case .timeout: "the answer took too long"
        case .interrupted: "the connection ended before the answer was complete"
        case .answer: "the answer is not HTTP"
        case .bodyTooLarge: "the answer is larger than allowed"
        case .cancelled: "the request was cancelled"
        case .closed: "the client was closed"
        case .other(let code): "libcurl reports error \(code)"
        }
    }
}
