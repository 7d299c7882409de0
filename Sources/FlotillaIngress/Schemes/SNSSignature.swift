// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Amazon SNS's way: the message itself holds an RSA signature over some of its members, and the address of the certificate. Anybody can
/// have a topic that signs so, therefore the topic has to be one of the hook's own.
/// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
struct SNSSignature: SignatureScheme {
    enum Version: String, Sendable, CaseIterable {
        case one = "1"
        case two = "2"

        var algorithm: SignatureAlgorithm {
            switch self {
            case .one: .rsaSHA1
            case .two: .rsaSHA256
            }
        }
    }

    static let topics = HookOption(
        "topic_arn", isRequired: true, "the ARN of the topic that may send, or several separated by spaces")

    /// Those that a message may say it is signed by; a signer takes the last one.
    let versions: [Version]

    var keyMeaning: String { SignerCertificates.keyMeaning }
    var needsKeys: Bool { false }
    var options: [HookOption] { [Self.topics] + SignerCertificates.options }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        let topics = try settings.needed(Self.topics).split(separator: " ").map(String.init)
        guard !topics.isEmpty else { throw HookFault(.option(Self.topics.name), "must be set: \(Self.topics.meaning)") }
        return SNSSignatureCheck(versions: versions, topics: topics, certificates: try SignerCertificates(settings, of: .sns))
    }
}

struct SNSSignatureCheck: SignatureCheck {
    let versions: [SNSSignature.Version]
    let topics: [String]
    let certificates: SignerCertificates

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        guard let message = SNSMessage(request.body) else {
            throw Rejection(.body, "the body is not a signed message of Amazon SNS")
        }
        // The header informs whoever does not read the body; where it says something else than what is signed, somebody wrote it.
        let headers = request.head.headers.all("x-amz-sns-message-type")
        guard headers.allSatisfy({ $0 == message.type }) else {
            throw Rejection(.header, "the header x-amz-sns-message-type names another type than the message")
        }
        guard let version = versions.first(where: { $0.rawValue == message.version }) else {
            throw Rejection(.signature, "the message is signed by another version")
        }
        guard let signature = Base64.decode(message.signature) else { throw Rejection(.signature, "the signature is not base64 text") }
        try certificates.check(signature, of: message.signed, by: version.algorithm, namedBy: message.certificate, at: now)
        // After the signature: it tells a stranger nothing of which topics there are.
        guard topics.contains(message.topic) else { throw Rejection(.claim, "the message is of another topic") }
        return [:]
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        guard let version = versions.last, let topic = topics.first else { throw Rejection(.unavailable, "there is nothing to sign with") }
        func add(_ name: String, _ text: String) {
            var json = JSONWriter(capacity: text.utf8.count + 2)
            json.string(text)
            request.body = JSONObjectText.adding(name, json.bytes, to: request.body)
        }
        add("TopicArn", topic)
        add("Timestamp", now.description)
        add("SignatureVersion", version.rawValue)
        add("SigningCertURL", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-sample.pem")
        add("Signature", "")
        guard let message = SNSMessage(request.body) else { throw Rejection(.body, "the body is not a message of Amazon SNS") }
        add("Signature", Base64.encode(try certificates.sign(message.signed, by: version.algorithm)))
        if request.head.headers["x-amz-sns-message-type"] == nil { request.head.headers.add("x-amz-sns-message-type", message.type) }
    }
}
