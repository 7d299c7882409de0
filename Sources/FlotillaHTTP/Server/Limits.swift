// SPDX-License-Identifier: Apache-2.0

/// What one request, one connection and the whole server may take. Whatever passes a limit is answered and closed.
package struct Limits: Sendable, Equatable {
    /// Request line and header fields together, and the trailers of a chunked body: more is 431.
    package var headBytes = 16 * 1024
    package var fields = 100
    /// More is 413: at once when the length is declared.
    package var bodyBytes = 16 * 1024 * 1024
    /// Empty lines before a request line. RFC 9112 asks for one; two let a sloppy sender pass, and a flood of them end.
    package var emptyLines = 2
    /// All chunk extensions of one body together.
    package var extensionBytes = 1024
    /// What a client may send ahead while its request is being answered; then reading stops.
    package var aheadBytes = 64 * 1024
    /// A refused body up to this size is read and thrown away, so that the connection can be kept.
    package var discardBytes = 64 * 1024
    /// Open connections of the server; further ones get 503 and are closed.
    package var connections = 10_000

    /// From a connection's beginning to the end of its TLS handshake.
    package var handshakeTime = Duration.seconds(10)
    /// From a request's first byte to the end of its head.
    package var headTime = Duration.seconds(10)
    /// From the end of the head to the end of the body.
    package var bodyTime = Duration.seconds(30)
    /// Between two requests.
    package var idleTime = Duration.seconds(75)
    /// From the first byte of an answer that the client doesn't take to its last.
    package var writeTime = Duration.seconds(30)
    /// How long a closed connection still takes what the client was sending, so that it can read the answer.
    package var lingerTime = Duration.seconds(2)
    /// From the beginning of a drain to the end of the requests that were arriving. Short, so that a slow client doesn't use up the time
    /// of those that drain after the server.
    package var drainTime = Duration.seconds(2)
    /// In place of `writeTime` while the server drains, where that is longer.
    package var drainWriteTime = Duration.seconds(5)

    package init() {}
}
