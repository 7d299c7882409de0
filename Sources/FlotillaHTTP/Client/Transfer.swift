// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import FlotillaRuntime

/// One request on its way through libcurl. Made by `Client.send`, lives on the client's loop, and ends by `finish`, which answers once.
///
/// Sendable because after `init` only the thread of the client's loop touches it.
final class Transfer: @unchecked Sendable {
    typealias Outcome = Result<ClientResponse, ClientFailure>

    private let request: ClientRequest
    private(set) var handle: UnsafeMutableRawPointer?
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var response = ClientResponse(status: 0, headers: Headers(), body: [])
    private var isTooLarge = false
    private var outcome: Outcome?
    private var waiter: CheckedContinuation<Outcome, Never>?

    init(_ request: ClientRequest) {
        self.request = request
    }

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        if let outcome { continuation.resume(returning: outcome) } else { waiter = continuation }
    }

    var isFinished: Bool { outcome != nil }

    func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        if let handle { curl_easy_cleanup(handle) }
        handle = nil
        curl_slist_free_all(fields)
        fields = nil
        waiter?.resume(returning: outcome)
        waiter = nil
    }

    func finish(code: CURLcode) {
        guard code == CURLE_OK, let handle else { return finish(.failure(isTooLarge ? .bodyTooLarge : ClientFailure(code))) }
        var status = 0
        _ = flotilla_curl_status(handle, &status)
        response.status = status
        finish(.success(response))
    }

    // MARK: Request

    /// The handle, set up. It keeps copies of all that it needs.
    func prepare() throws(ClientFailure) -> UnsafeMutableRawPointer {
        guard request.method.utf8.allSatisfy(\.isToken), !request.method.isEmpty else { throw .request }
        guard let handle = curl_easy_init() else { throw .other(Int32(CURLE_OUT_OF_MEMORY.rawValue)) }
        self.handle = handle
        let context = Unmanaged.passUnretained(self).toOpaque()
        let milliseconds = Int(clamping: max(1, request.timeout.inNanoseconds / 1_000_000))
        var codes = [
            flotilla_curl_set_string(handle, CURLOPT_URL, request.url),
            flotilla_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
            // An empty string: no proxy, not even the one that the environment names.
            flotilla_curl_set_string(handle, CURLOPT_PROXY, ""),
            flotilla_curl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            flotilla_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
            flotilla_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            flotilla_curl_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds),
            flotilla_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, receiveBody),
            flotilla_curl_set_pointer(handle, CURLOPT_WRITEDATA, context),
            flotilla_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, receiveField),
            flotilla_curl_set_pointer(handle, CURLOPT_HEADERDATA, context),
        ]
        codes += prepareMethod(handle)
        try prepareFields()
        codes.append(flotilla_curl_set_pointer(handle, CURLOPT_HTTPHEADER, fields))
        if let failed = codes.first(where: { $0 != CURLE_OK }) { throw ClientFailure(failed) }
        return handle
    }

    private func prepareMethod(_ handle: UnsafeMutableRawPointer) -> [CURLcode] {
        if request.method == "HEAD" { return [flotilla_curl_set_long(handle, CURLOPT_NOBODY, 1)] }
        if request.method == "GET" && request.body.isEmpty { return [flotilla_curl_set_long(handle, CURLOPT_HTTPGET, 1)] }
        var codes = [
            flotilla_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count),
            flotilla_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method),
        ]
        // The transfer outlives the handle, but an array's bytes have an address only for the length of a call: so a copy.
        request.body.withUnsafeBytes { bytes in
            var empty: UInt8 = 0
            codes.append(
                withUnsafeMutablePointer(to: &empty) { none in
                    let start = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? UnsafeMutableRawPointer(none)
                    return flotilla_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, start)
                })
        }
        return codes
    }

    private func prepareFields() throws(ClientFailure) {
        // What libcurl would add by itself: a wait for 100 Continue before large bodies, a type for forms.
        var lines = ["Expect:"]
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if request.headers["User-Agent"] == nil { lines.append("User-Agent: flotilla") }
        for field in request.headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(\.isToken) else { throw .request }
            guard field.value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == .tab }) else { throw .request }
            // libcurl would read "name:" as "leave it out", and wants a semicolon for an empty value.
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(fields, line) else { throw .other(Int32(CURLE_OUT_OF_MEMORY.rawValue)) }
            fields = longer
        }
    }

    // MARK: Answer

    fileprivate func received(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= request.bodyLimit - response.body.count else {
            isTooLarge = true
            return false
        }
        response.body.append(contentsOf: bytes)
        return true
    }

    fileprivate func receivedField(_ line: UnsafeRawBufferPointer) {
        // A status line begins anew: an interim answer came before.
        if line.starts(with: "HTTP/".utf8) { response.headers = Headers() }
        guard let colon = line.firstIndex(of: .colon), colon > 0 else { return }
        let end = line.lastIndex { $0 != .cr && $0 != .lf } ?? colon
        guard end >= colon else { return }
        response.headers.add(
            String(decoding: line.part(0..<colon), as: UTF8.self), String(decoding: line.part(colon + 1..<end + 1).trimmed, as: UTF8.self))
    }
}

private func receiveBody(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
    guard let context else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
    // Less than what came tells libcurl to give up.
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().received(bytes) ? bytes.count : 0
}

private func receiveField(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
    guard let context else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
    Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receivedField(bytes)
    return bytes.count
}

extension ClientFailure {
    init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .url
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .name
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .connect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
                .tls
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: .interrupted
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .answer
            default: .other(Int32(bitPattern: code.rawValue))
            }
    }
}
