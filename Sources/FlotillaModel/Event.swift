// SPDX-License-Identifier: Apache-2.0

/// A CloudEvents 1.0 event: made by the ingress from a verified request, carried by a broker, read by a handler, never changed.
/// `(source, id)` names one event for ever. Its data are the bytes that the provider sent, untouched.
public struct Event: Sendable, Equatable {
    public let id: String
    public let source: String
    public let type: String
    public let time: Timestamp?
    public let subject: String?
    public let dataContentType: String?
    public let dataSchema: String?
    /// Extension attributes by their lower-case names: `tenant`, `traceparent`, `partitionkey`, …
    public let extensions: [String: String]
    public let data: [UInt8]

    /// Throws the first rule of CloudEvents 1.0 (or of the fleet's limits) that the attributes break.
    public init(
        id: String, source: String, type: String, time: Timestamp? = nil, subject: String? = nil, dataContentType: String? = nil,
        dataSchema: String? = nil, extensions: [String: String] = [:], data: [UInt8] = []
    ) throws(InvalidEvent) {
        try EventRules.check(id: id, source: source, type: type, subject: subject, dataContentType: dataContentType, dataSchema: dataSchema)
        try EventRules.check(extensions: extensions)
        self.id = id
        self.source = source
        self.type = type
        self.time = time
        self.subject = subject
        self.dataContentType = dataContentType
        self.dataSchema = dataSchema
        self.extensions = extensions
        self.data = data
    }

    public var tenant: String? { extensions["tenant"] }
    public var partitionKey: String? { extensions["partitionkey"] }
    public var traceParent: String? { extensions["traceparent"] }
}
