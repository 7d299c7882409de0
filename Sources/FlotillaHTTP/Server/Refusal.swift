// SPDX-License-Identifier: Apache-2.0

/// Why the session ends a connection instead of serving a request. The sentence goes to the client: it never repeats what was sent.
package enum Refusal: Error, Equatable, Sendable {
    case emptyLines, control, requestLine, method, target, version
    case fieldLine, fieldName, hostMissing, hostRepeated, host
    case length, lengthRepeated, lengthWithEncoding, encoding, encodingRepeated, encodingInOldVersion
    case chunkSize, chunkExtension, chunkEnd, trailer
    case expectation, headTooLarge, tooManyFields, bodyTooLarge
    case plaintext
    case tooSlow, tooManyConnections, tooManyBytes, stopping

    package var status: Int {
        switch self {
        case .expectation: 417
        case .headTooLarge, .tooManyFields: 431
        case .bodyTooLarge: 413
        case .tooSlow: 408
        case .tooManyConnections, .tooManyBytes, .stopping: 503
        default: 400
        }
    }

    package var sentence: String {
        switch self {
        case .emptyLines: "too many empty lines before the request"
        case .control: "a line holds a control character or does not end in CR LF"
        case .requestLine: "the request line is not method, target and version"
        case .method: "the method is malformed"
        case .target: "the request target is malformed"
        case .version: "the version is not HTTP/1.0 or HTTP/1.1"
        case .fieldLine: "a header line is malformed or folded"
        case .fieldName: "a header name is malformed"
        case .hostMissing: "the Host header is missing"
        case .hostRepeated: "the Host header is repeated"
        case .host: "the Host header is malformed"
        case .length: "the Content-Length is malformed"
        case .lengthRepeated: "the Content-Length is repeated"
        case .lengthWithEncoding: "Content-Length and Transfer-Encoding are both given"
        case .encoding: "the Transfer-Encoding is not chunked"
        case .encodingRepeated: "the Transfer-Encoding is repeated"
        case .encodingInOldVersion: "HTTP/1.0 has no Transfer-Encoding"
        case .chunkSize: "a chunk size is malformed"
        case .chunkExtension: "a chunk extension is malformed or too long"
        case .chunkEnd: "a chunk does not end in CR LF"
        case .trailer: "a trailer holds what belongs in the head"
        case .expectation: "the expectation is not 100-continue"
        case .headTooLarge: "the request line and headers are too large"
        case .tooManyFields: "there are too many headers"
        case .bodyTooLarge: "the body is too large"
        case .plaintext: "this port speaks HTTPS, and the request came without it"
        case .tooSlow: "the request took too long to arrive"
        case .tooManyConnections: "too many connections"
        case .tooManyBytes: "too many bytes in flight"
        case .stopping: "the server is stopping"
        }
    }

    package var response: Response {
        let retry = status == 503 ? Headers([("Retry-After", "1")]) : Headers()
        return .json(status, Array("{\"error\":\"\(sentence)\"}".utf8), headers: retry)
    }
}
