// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import Glibc

/// A body of `multipart/form-data` (RFC 7578), as mail with attachments is posted: read for a few short fields and no further.
enum MultipartBody {
    /// What nobody's mail has. Looking through more would be a way to keep the machine busy.
    private static let partLimit = 10_000
    private static let headLimit = 8192

    /// What stands between the parts; nil for anything that is not declared as such a body.
    static func boundary(in contentType: String?) -> [UInt8]? {
        guard let contentType else { return nil }
        let parts = contentType.split(separator: ";").map { $0.trimming(" \t") }
        guard let media = parts.first, Headers.same(String(media), "multipart/form-data") else { return nil }
        let given = parts.dropFirst().filter { Headers.same(String($0.prefix(9)), "boundary=") }
        guard let only = given.first, given.count == 1 else { return nil }
        let text = only.dropFirst(9).trimming("\"")
        // RFC 2046, section 5.1.1.
        return (1...70).contains(text.utf8.count) ? Array(text.utf8) : nil
    }

    /// The content of the one part of each name; nil where there is none, or several. All are nil in a body that breaks off.
    static func fields(_ names: [String], of body: [UInt8], between boundary: [UInt8]) -> [[UInt8]?] {
        guard let parts = parts(of: body, between: boundary) else { return names.map { _ in nil } }
        let fields = parts.compactMap { field(at: $0, of: body) }
        return names.map { name in
            let found = fields.filter { $0.name == name }
            return found.count == 1 ? found.first.map { Array(body[$0.content]) } : nil
        }
    }

    /// Head and content of each part.
    private static func parts(of body: [UInt8], between boundary: [UInt8]) -> [Range<Int>]? {
        let first = Array("--".utf8) + boundary
        let mark = Array("\r\n".utf8) + first
        var parts: [Range<Int>] = []
        var begin: Int
        if body.starts(with: first) {
            begin = first.count
        } else {
            guard let place = body.first(mark, in: 0..<body.count) else { return nil }
            begin = place + mark.count
        }
        while parts.count < partLimit {
            if body[begin...].starts(with: "--".utf8) { return parts }
            guard body[begin...].starts(with: "\r\n".utf8), let end = body.first(mark, in: begin..<body.count) else { return nil }
            parts.append(begin..<end)
            begin = end + mark.count
        }
        return nil
    }

    /// Nil for a file.
    private static func field(at part: Range<Int>, of body: [UInt8]) -> (name: Substring, content: Range<Int>)? {
        guard let end = body.first("\r\n\r\n", in: part.prefix(headLimit)) else { return nil }
        let head = String(decoding: body[part.lowerBound..<end], as: UTF8.self)
        let title = "content-disposition:"
        let lines = head.split(separator: "\r\n").filter { Headers.same(String($0.prefix(title.count)), title) }
        guard let line = lines.first, lines.count == 1 else { return nil }
        let items = line.dropFirst(title.count).split(separator: ";").map { $0.trimming(" \t") }
        let names = items.filter { Headers.same(String($0.prefix(5)), "name=") }
        let isFile = items.contains { Headers.same(String($0.prefix(8)), "filename") }
        guard items.first == "form-data", !isFile, let name = names.first, names.count == 1 else { return nil }
        return (name.dropFirst(5).trimming("\""), (end + 4)..<part.upperBound)
    }
}

extension [UInt8] {
    fileprivate func first(_ text: String, in range: Range<Int>) -> Int? { first(Array(text.utf8), in: range) }

    /// The place of the first such bytes that lie in the range as a whole.
    fileprivate func first(_ bytes: [UInt8], in range: Range<Int>) -> Int? {
        guard let mark = bytes.first else { return nil }
        return withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil as Int? }
            var place = range.lowerBound
            while place + bytes.count <= range.upperBound {
                guard let found = memchr(base + place, CInt(mark), range.upperBound - place) else { return nil }
                place = base.distance(to: UnsafeRawPointer(found))
                guard place + bytes.count <= range.upperBound else { return nil }
                if memcmp(found, bytes, bytes.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }
}

extension Substring {
    /// Without those characters at either end.
    fileprivate func trimming(_ characters: String) -> Substring {
        let rest = drop { characters.contains($0) }
        return rest[..<(rest.lastIndex { !characters.contains($0) }.map { rest.index(after: $0) } ?? rest.startIndex)]
    }
}
