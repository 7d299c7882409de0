// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Which parts of a request a signature covers, in their order. Plain data of the provider table.
struct MessageTemplate: Sendable, ExpressibleByArrayLiteral {
    enum Part: Sendable {
        case body
        case method
        /// The text of the signature's time, as it was sent.
        case time
        /// A header's value as it was sent.
        case header(String)
        case text(String)
        case url(SignedURL)
        case form(SignedForm)
        /// Nothing, but the body's SHA-256 has to stand in the query, which the URL brings.
        case bodyHash(parameter: String)
        /// The fields of a form; for any other body its hash in the query.
        case formOrBodyHash(SignedForm, parameter: String)
    }

    let parts: [Part]

    init(arrayLiteral elements: Part...) {
        parts = elements
    }

    init(_ parts: [Part]) {
        self.parts = parts
    }

    var needsURL: Bool {
        parts.contains { if case .url = $0 { true } else { false } }
    }

    /// What a failed signature may be wrong about, in words.
    var covers: String { needsURL ? "URL, the body" : "body" }

    /// What was signed: one message, or several where the provider may have written the URL in more than one way. The body is
    /// not copied: its array is shared.
    func messages(of request: Request, time: Substring?, url: String?) throws(Rejection) -> [Message] {
        var messages = [Message(capacity: parts.count)]
        for part in parts {
            switch part {
            case .body: messages.append(bytes: request.body)
            case .method: messages.append(text: request.head.method)
            case .time: messages.append(text: String(time ?? ""))
            case .header(let name): messages.append(value: try request.head.headers.single(name), of: name)
            case .text(let text):
                try messages.first?.refuse(text)
                messages.append(text: text)
            case .url(let form):
                guard let url else { throw Rejection(.unavailable, "the hook's public URL is not configured") }
                let writings = form.writings(of: request.head, at: url)
                messages = messages.flatMap { message in writings.map { message.appending($0) } }
            case .form(let form): messages.append(bytes: try form.message(of: request))
            case .bodyHash(let parameter): try BodyHash.check(parameter, of: request)
            case .formOrBodyHash(let form, let parameter):
                // What carries a hash is no form, whatever it says of itself: its body may have been taken away.
                if !form.isForm(request) && !request.body.isEmpty || BodyHash.isClaimed(by: parameter, in: request) {
                    try BodyHash.check(parameter, of: request)
                } else {
                    messages.append(bytes: try form.message(of: request))
                }
            }
        }
        return messages
    }

    /// Before signing: puts into the request what the template wants to find there.
    func prepare(_ request: inout Request) throws(Rejection) {
        for part in parts {
            switch part {
            case .bodyHash(let parameter): try BodyHash.add(parameter, to: &request)
            case .formOrBodyHash(let form, let parameter) where !form.isForm(request) && !request.body.isEmpty:
                try BodyHash.add(parameter, to: &request)
            default: continue
            }
        }
    }
}

/// What a signature is computed over: pieces of a request, in order.
struct Message: Sendable {
    private enum Piece: Sendable {
        case bytes([UInt8])
        case value(String, of: String)
        case text(String)
    }

    private var pieces: [Piece] = []

    init(capacity: Int) {
        pieces.reserveCapacity(capacity)
    }

    func feed(_ hash: inout Hash) {
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): hash.update(bytes)
            case .value(let text, _), .text(let text): hash.update(text)
            }
        }
    }

    /// A value that holds what ends it could be cut elsewhere: the same signature would fit another id and body.
    func refuse(_ separator: String) throws(Rejection) {
        if case .value(let value, let name) = pieces.last, value.utf8.contains(sequence: separator.utf8) {
            throw Rejection(.header, "the header \(name) holds \"\(separator)\", which separates the signed parts")
        }
    }

    func appending(_ text: String) -> Message {
        var message = self
        message.pieces.append(.text(text))
        return message
    }

    fileprivate mutating func append(bytes: [UInt8]) { pieces.append(.bytes(bytes)) }
    fileprivate mutating func append(text: String) { pieces.append(.text(text)) }
    fileprivate mutating func append(value: String, of name: String) { pieces.append(.value(value, of: name)) }
}

extension [Message] {
    fileprivate mutating func append(bytes: [UInt8]) {
        for index in indices { self[index].append(bytes: bytes) }
    }

    fileprivate mutating func append(text: String) {
        for index in indices { self[index].append(text: text) }
    }

    fileprivate mutating func append(value: String, of name: String) {
        for index in indices { self[index].append(value: value, of: name) }
    }
}

extension String.UTF8View {
    /// Byte by byte: a separator in front of a combining character is still one.
    fileprivate func contains(sequence wanted: String.UTF8View) -> Bool {
        guard let first = wanted.first else { return true }
        var rest = self[...]
        while let place = rest.firstIndex(of: first) {
            if rest[place...].starts(with: wanted) { return true }
            rest = rest[index(after: place)...]
        }
        return false
    }
}
