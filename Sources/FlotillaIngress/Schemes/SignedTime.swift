// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// The moment that a signature covers, and how far from now it may lie, in both directions: a request from the future is
/// one that somebody keeps for later.
struct SignedTime: Sendable {
    enum Place: Sendable {
        case header(HeaderItem)
        /// In the body, and so worth nothing before the signature is known to be right.
        case json([String])
    }

    enum Unit: String, Sendable, CaseIterable {
        case seconds, milliseconds
        case text = "rfc3339"
    }

    let place: Place
    var unit = Unit.seconds
    var tolerance: Duration = .seconds(300)
    /// How far ahead of now it may lie; as far as behind where nothing else is said.
    var ahead: Duration?
    /// Whether a hook may say how old a request can be.
    var isConfigurable = false

    init(
        _ place: Place, unit: Unit = .seconds, tolerance: Duration = .seconds(300), ahead: Duration? = nil, isConfigurable: Bool = false
    ) {
        self.place = place
        self.unit = unit
        self.tolerance = tolerance
        self.ahead = ahead
        self.isConfigurable = isConfigurable
    }

    init(header: String, unit: Unit = .seconds, tolerance: Duration = .seconds(300)) {
        self.init(.header(HeaderItem(header: header)), unit: unit, tolerance: tolerance)
    }

    // MARK: Options

    var options: [HookOption] { isConfigurable ? [option] : [] }

    private var option: HookOption {
        HookOption(
            "tolerance_s", default: String(tolerance.components.seconds),
            "how many seconds the signed time may lie behind\(ahead == nil ? " or ahead of" : "") now")
    }

    func configured(by settings: HookSettings) throws(HookFault) -> SignedTime {
        guard isConfigurable else { return self }
        var time = self
        time.tolerance = .seconds(try settings.integer(option, in: 1...30 * 86_400))
        return time
    }

    // MARK: Reading

    var headerItem: HeaderItem? {
        if case .header(let item) = place { item } else { nil }
    }

    /// As it was written in a header; nil where it is in the body.
    func text(in headers: Headers) throws(Rejection) -> Substring? {
        try headerItem?.value(in: headers)
    }

    func check(_ text: Substring, at now: Timestamp) throws(Rejection) {
        guard let sent = read(text) else { throw Rejection(.timestamp, "the time of the signature is not written as \(unit.rawValue)") }
        let age = now - sent
        guard age <= tolerance else { throw Rejection(.timestamp, "the request was signed too long ago") }
        guard age >= .zero - (ahead ?? tolerance) else { throw Rejection(.timestamp, "the request was signed in the future") }
    }

    func checkBody(of request: Request, at now: Timestamp) throws(Rejection) {
        guard case .json(let path) = place else { return }
        guard let found = (try? JSONFields.extract(paths: [path], from: request.body))?.first, let text = found?.text else {
            throw Rejection(.timestamp, "the body does not say when it was signed")
        }
        try check(text[...], at: now)
    }

    func write(_ now: Timestamp) -> String {
        switch unit {
        case .seconds: String(now.microseconds / 1_000_000)
        case .milliseconds: String(now.milliseconds)
        case .text: now.description
        }
    }

    private func read(_ text: Substring) -> Timestamp? {
        switch unit {
        case .seconds: Self.number(text, digits: 12).map { Timestamp(milliseconds: $0 * 1000) }
        case .milliseconds: Self.number(text, digits: 15).map { Timestamp(milliseconds: $0) }
        case .text: Timestamp(text)
        }
    }

    /// Digits only, and not more than a calculation with them can bear.
    private static func number(_ text: Substring, digits: Int) -> Int64? {
        guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
