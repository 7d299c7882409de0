// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What proves a message of Amazon SNS, taken out of its JSON.
struct SNSMessage: Sendable {
    let type: String
    let topic: String
    let version: String
    let signature: String
    let certificate: String
    /// A line with the name and a line with the value of each signed member, in their order.
    let signed: [UInt8]

    private static let proof = ["Type", "TopicArn", "SignatureVersion", "Signature", "SigningCertURL"]
    private static let lines = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]

    /// Nil where a member is missing, or no text, that the message's type has to have.
    init?(_ body: [UInt8]) {
        let names = Self.proof + Self.lines
        guard let found = try? JSONFields.extract(paths: names.map { [$0] }, from: body) else { return nil }
        var texts: [String: String] = [:]
        for (name, field) in zip(names, found) {
            if case .string(let text) = field { texts[name] = text }
        }
        guard let type = texts["Type"], let topic = texts["TopicArn"], let version = texts["SignatureVersion"],
            let signature = texts["Signature"], let certificate = texts["SigningCertURL"], let lines = Self.lines(of: type)
        else { return nil }
        var signed: [UInt8] = []
        for (name, isNeeded) in lines {
            guard let text = texts[name] else {
                guard !isNeeded else { return nil }
                continue
            }
            signed += Array("\(name)\n\(text)\n".utf8)
        }
        (self.type, self.topic, self.version, self.signature, self.certificate, self.signed) =
            (type, topic, version, signature, certificate, signed)
    }

    private static func lines(of type: String) -> [(name: String, isNeeded: Bool)]? {
        switch type {
        case "Notification":
            lines.filter { $0 != "SubscribeURL" && $0 != "Token" }.map { ($0, $0 != "Subject") }
        case "SubscriptionConfirmation", "UnsubscribeConfirmation":
            lines.filter { $0 != "Subject" }.map { ($0, true) }
        default:
            nil
        }
    }
}
