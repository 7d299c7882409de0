// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// What a provider asks of an endpoint beside taking events: to show that somebody listens, or to take its secret. Plain data in the
/// provider's entry; it only decides, and the ingress does what it says. Never an event, unless it says so.
protocol Handshake: Sendable {
    /// The methods that it comes with, beside those of the provider's events.
    var methods: [String] { get }

    /// What it reads from the hook's settings.
    var options: [HookOption] { get }

    /// Whether it hands the hook its secret: such a hook may be configured without one.
    var handsOverSecret: Bool { get }

    /// Asked before anything is verified; nil for what is no handshake. Anybody can have what it answers.
    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep?

    /// Asked of a request that is the provider's; nil for an event.
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep?
}

extension Handshake {
    var methods: [String] { [] }
    var options: [HookOption] { [] }
    var handsOverSecret: Bool { false }
    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? { nil }
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? { nil }
}

/// What the ingress is to do about a handshake that came unsigned.
enum UnsignedStep: Sendable, Equatable {
    case answer(Response)
    /// Not as a bad signature is refused: the provider expects this status.
    case refuse(Rejection, status: Int)
    /// Keep the secret, once; the answer follows when that is certain.
    case keep(Secret, answer: Response)
}

/// What the ingress is to do about a handshake that is the provider's.
enum SignedStep: Sendable, Equatable {
    case answer(Response)
    /// It is an event all the same. The log tells the operator what is to be done about it.
    case publish(remark: String)

    var remark: String? {
        if case .publish(let remark) = self { remark } else { nil }
    }
}
