// SPDX-License-Identifier: Apache-2.0

/// Writes an answer as bytes. What the session owns (Content-Length, Connection, Date, Transfer-Encoding) is written here and nowhere else.
struct ResponseBytes {
    var withoutBody: Bool
    var closes: Bool
    /// HTTP/1.0 has to be told that a connection is kept.
    var isOldVersion: Bool

    /// An interim status or no status at all is a fault of the responder.
    static func status(of response: Response) -> Int {
        (200...599).contains(response.status) ? response.status : 500
    }

    func write(_ response: Response, date: [UInt8], to bytes: inout [UInt8]) {
        let status = Self.status(of: response)
        Self.append("HTTP/1.1 ", to: &bytes)
        Self.append(number: status, to: &bytes)
        bytes.append(.space)
        Self.append(Self.reason(status), to: &bytes)
        Self.append("\r\n", to: &bytes)
        bytes.append(contentsOf: date)
        for field in response.headers.fields where Self.isWritable(field.name, field.value) {
            Self.append(text: field.name, to: &bytes)
            Self.append(": ", to: &bytes)
            Self.append(text: field.value, to: &bytes)
            Self.append("\r\n", to: &bytes)
        }
        if closes {
            Self.append("Connection: close\r\n", to: &bytes)
        } else if isOldVersion {
            Self.append("Connection: keep-alive\r\n", to: &bytes)
        }
        if status != 204 {
            Self.append("Content-Length: ", to: &bytes)
            Self.append(number: response.body.count, to: &bytes)
            Self.append("\r\n", to: &bytes)
        }
        Self.append("\r\n", to: &bytes)
        guard !withoutBody, status != 204, status != 304 else { return }
        bytes.append(contentsOf: response.body)
    }

    /// A header that could end its line early, and so forge what follows, is left out; so is one that the session writes itself.
    private static func isWritable(_ name: String, _ value: String) -> Bool {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isToken) else { return false }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == .tab }) else { return false }
        switch name.utf8.count {
        case 4: return !Headers.same(name, "date")
        case 10: return !Headers.same(name, "connection")
        case 14: return !Headers.same(name, "content-length")
        case 17: return !Headers.same(name, "transfer-encoding")
        default: return true
        }
    }

    static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func append(text: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(number: Int, to bytes: inout [UInt8]) {
        if number >= 10 { append(number: number / 10, to: &bytes) }
        bytes.append(0x30 + UInt8(number % 10))
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
