// SPDX-License-Identifier: Apache-2.0

/// An answer. Content-Length, Date and Connection are written by the session; everything else is here.
package struct Response: Sendable, Equatable {
    package var status: Int
    package var headers: Headers
    package var body: [UInt8]

    package init(status: Int, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func json(_ status: Int, _ body: [UInt8], headers: Headers = Headers()) -> Response {
        var headers = headers
        headers.add("Content-Type", "application/json")
        return Response(status: status, headers: headers, body: body)
    }
}
