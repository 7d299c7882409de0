// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// A body as it may have been before something on the way changed it: line ends, a byte order mark, JSON that was read and written again.
enum BodyForms {
    struct Form {
        let name: String
        let body: [UInt8]
    }

    /// Larger bodies are looked at only at their ends.
    private static let rewriteLimit = 1 << 20
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    static func all(of body: [UInt8]) -> [Form] {
        var forms = [
            Form(name: "the body did not end in a newline", body: body.droppingLineEnd),
            Form(name: "the body ended in LF", body: body + [lineFeed]),
            Form(name: "the body ended in CR LF", body: body + [carriageReturn, lineFeed]),
            Form(name: "the body ended in CR LF instead of LF", body: body.droppingLineEnd + [carriageReturn, lineFeed]),
            Form(name: "the body had no byte order mark", body: body.starts(with: mark) ? Array(body.dropFirst(mark.count)) : body),
        ]
        if body.count <= rewriteLimit { forms += rewritten(body) }
        return forms.filter { $0.body != body }
    }

    private static func rewritten(_ body: [UInt8]) -> [Form] {
        var forms = [
            Form(name: "the lines of the body ended in LF", body: body.filter { $0 != carriageReturn }),
            Form(name: "the lines of the body ended in CR LF", body: body.flatMap { $0 == lineFeed ? [carriageReturn, lineFeed] : [$0] }),
        ]
        if let decoded = Base64.decode(String(decoding: body, as: UTF8.self)) {
            forms.append(Form(name: "the body had not been encoded in base64", body: decoded))
        }
        guard let document = try? JSONValue(parsing: body, sizeLimit: rewriteLimit) else { return forms }
        for style in JSONStyle.all {
            forms.append(Form(name: "the JSON had not been read and written again (\(style.name))", body: style.write(document)))
        }
        return forms
    }
}

extension [UInt8] {
    fileprivate var droppingLineEnd: [UInt8] {
        guard last == UInt8(ascii: "\n") else { return self }
        return [UInt8](dropLast(dropLast().last == UInt8(ascii: "\r") ? 2 : 1))
    }
}
