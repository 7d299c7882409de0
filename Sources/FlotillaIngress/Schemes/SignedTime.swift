// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// The moment that a signature covers, and how far from now it may lie, in both directions: a request from the future is
/// one that somebody keeps for later.
struct SignedTime: Sendable {
    let header: String
    var tolerance: Duration = .seconds(300)

    func check(in headers: Headers, at now: Timestamp) throws(Rejection) {
        guard let sent = Self.seconds(try headers.single(header)) else {
            throw Rejection(.timestamp, "the header \(header) is not a time in seconds")
        }
        let age = now - sent
        guard age <= tolerance else { throw Rejection(.timestamp, "the request was signed too long ago") }
        guard age >= .zero - tolerance else { throw Rejection(.timestamp, "the request was signed in the future") }
    }

    func write(_ now: Timestamp) -> String {
        String(now.microseconds / 1_000_000)
    }

    /// Digits only, and not more than a calculation with them can bear.
    private static func seconds(_ text: String) -> Timestamp? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(text) else {
            return nil
        }
        return Timestamp(milliseconds: seconds * 1000)
    }
}
