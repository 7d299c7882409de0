// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// What looks like a moment in a request, wherever its provider writes the time: ten or thirteen digits, or RFC 3339.
enum SignedTimes {
    private static let limit = 16
    /// A body is searched only so far.
    private static let reach = 65_536

    static func candidates(in request: Request) -> [Timestamp] {
        var found: [Timestamp] = []
        let texts = request.head.headers.fields.map { Array($0.value.utf8) } + [Array(request.body.prefix(reach))]
        for text in texts {
            for run in text.split(whereSeparator: { !isPartOfTime($0) }) where found.count < limit {
                if let time = time(run), !found.contains(time) { found.append(time) }
            }
        }
        return found
    }

    private static func isPartOfTime(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "T"), UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    private static func time(_ run: ArraySlice<UInt8>) -> Timestamp? {
        // A colon or a dot may end it: `v0:1531420618:`.
        let text = String(decoding: run, as: UTF8.self)
        guard run.allSatisfy({ (0x30...0x39).contains($0) }) else { return Timestamp(text) }
        switch run.count {
        case 10: return Int64(text).map { Timestamp(milliseconds: $0 * 1000) }
        case 13: return Int64(text).map { Timestamp(milliseconds: $0) }
        default: return nil
        }
    }
}
