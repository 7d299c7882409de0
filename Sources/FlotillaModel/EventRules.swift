// SPDX-License-Identifier: Apache-2.0

/// Why something is not an event. Names the attribute, never its value: values may hold what a log must not show.
public enum InvalidEvent: Error, Equatable, CustomStringConvertible {
    case missing(String)
    case tooLong(String, limit: Int)
    case control(String)
    case notAReference(String)
    case extensionName
    case tooManyExtensions(limit: Int)
    case specVersion
    case malformed(String)

    public var description: String {
        switch self {
        case .missing(let name): "the attribute \(name) is missing or empty"
        case .tooLong(let name, let limit): "the attribute \(name) is longer than \(limit) bytes"
        case .control(let name): "the attribute \(name) holds a control character"
        case .notAReference(let name): "the attribute \(name) is not a URI reference"
        case .extensionName: "an extension's name is not made of 1 to 64 lower-case letters and digits, or is a reserved one"
        case .tooManyExtensions(let limit): "there are more than \(limit) extensions"
        case .specVersion: "specversion is not 1.0"
        case .malformed(let what): "\(what) is malformed"
        }
    }
}

/// The rules of CloudEvents 1.0, with limits: what is accepted here fits every broker's headers.
enum EventRules {
    static let typeLimit = 255
    static let textLimit = 4096
    static let extensionLimit = 64
    static let reserved: Set<String> = [
        "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "specversion", "data", "data_base64",
    ]

    static func check(
        id: String, source: String, type: String, subject: String?, dataContentType: String?, dataSchema: String?
    ) throws(InvalidEvent) {
        try text("id", id, limit: textLimit)
        try text("source", source, limit: textLimit)
        try text("type", type, limit: typeLimit)
        try reference("source", source)
        if let subject { try text("subject", subject, limit: textLimit) }
        if let dataContentType { try text("datacontenttype", dataContentType, limit: 255) }
        if let dataSchema {
            try text("dataschema", dataSchema, limit: textLimit)
            try reference("dataschema", dataSchema)
        }
    }

    static func check(extensions: [String: String]) throws(InvalidEvent) {
        guard extensions.count <= extensionLimit else { throw .tooManyExtensions(limit: extensionLimit) }
        for (name, value) in extensions {
            let letters = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
            guard letters, (1...64).contains(name.utf8.count), !reserved.contains(name) else { throw .extensionName }
            guard value.utf8.count <= textLimit else { throw .tooLong(name, limit: textLimit) }
            guard !hasControl(value) else { throw .control(name) }
        }
    }

    private static func text(_ name: String, _ value: String, limit: Int) throws(InvalidEvent) {
        guard !value.isEmpty else { throw .missing(name) }
        guard value.utf8.count <= limit else { throw .tooLong(name, limit: limit) }
        guard !hasControl(value) else { throw .control(name) }
    }

    /// A URI reference has no spaces and none of the characters that RFC 3986 leaves out; its finer grammar is not checked.
    private static func reference(_ name: String, _ value: String) throws(InvalidEvent) {
        for byte in value.utf8 {
            switch byte {
            case 0x20, 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D: throw .notAReference(name)
            default: continue
            }
        }
    }

    private static func hasControl(_ value: String) -> Bool {
        value.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }
}
