// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Amazon SNS, when a subscription is made: a signed SubscriptionConfirmation. Confirming it means to open its SubscribeURL, which the
/// ingress does not, since it never calls out: it becomes an event, for a worker or a person to do so.
/// https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
struct SubscriptionConfirmation: Handshake {
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? {
        guard let texts = HandshakeBody.texts([["Type"], ["SubscribeURL"]], of: request.body), texts[0] == "SubscriptionConfirmation"
        else { return nil }
        guard let url = texts[1], Self.isOfAmazon(url) else {
            throw Rejection(.handshake, "SubscribeURL is not an address of Amazon SNS")
        }
        return .publish(
            remark: "a subscription waits to be confirmed: open the SubscribeURL of this event; it is in flotilla dead show unrouted, "
                + "or with the worker that its type is routed to")
    }

    /// `https://sns.{region}.amazonaws.com/…`, `….amazonaws.com.cn/…`: whoever opens it must not be led elsewhere.
    static func isOfAmazon(_ url: String) -> Bool {
        let scheme = "https://sns."
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), url.hasPrefix(scheme) else { return false }
        let host = url.dropFirst(scheme.count).prefix { $0 != "/" }
        guard url.dropFirst(scheme.count + host.count).first == "/" else { return false }
        let suffixes = [".amazonaws.com", ".amazonaws.com.cn"]
        guard let suffix = suffixes.first(where: host.hasSuffix) else { return false }
        let region = host.dropLast(suffix.count)
        return region.utf8.count >= 3 && region.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}
