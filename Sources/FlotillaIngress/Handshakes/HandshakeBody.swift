// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// The members of a handshake's body. Handshakes are small: a larger body is an event, and is not read twice.
enum HandshakeBody {
    static let limit = 16_384

    /// The value at each path; nil when the body is no small JSON object.
    static func fields(_ paths: [[String]], of body: [UInt8]) -> [JSONField?]? {
        guard body.count <= limit, let found = try? JSONFields.extract(paths: [[]] + paths, from: body), case .object = found[0] else {
            return nil
        }
        return Array(found.dropFirst())
    }

    /// The text at each path; nil when the body is no small JSON object.
    static func texts(_ paths: [[String]], of body: [UInt8]) -> [String?]? {
        fields(paths, of: body)?.map { $0?.text }
    }
}
