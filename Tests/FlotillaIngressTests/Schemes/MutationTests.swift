// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Signed requests with random damage. What is accepted must say the same as what was signed; nothing may crash.
@Suite struct MutationTests {
    static let seeds: [UInt64] = [1, 2, 3]
    static let cases = Fuzz.cases / (deciding.count * seeds.count)
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let now = seconds(1_800_000_000)
    /// The header fields that decide, by provider.
    static let deciding = [
        "github": ["X-Hub-Signature-256"],
        "standard-webhooks": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ]

    @Test(
        "a damaged request is accepted only if the damage missed everything that was signed", arguments: deciding.keys.sorted(), seeds)
    func damaged(provider: String, seed: UInt64) throws {
        let hook = try hook(provider, Self.secret)
        let samples = Sample.all(of: hook.provider)
        var damage = Damage(seed: seed)
        var accepted = 0
        for number in 0..<Self.cases {
            let sample = samples[number % samples.count]
            let original = try WebhookSigner.sign(hook: hook, sample: sample, id: "msg_\(number)", now: Self.now)
            var request = original
            for _ in 0..<damage.below(3) + 1 { damage.strike(&request) }
            guard let verified = try? hook.verify(request, at: Self.now) else { continue }
            accepted += 1
            #expect(request.body == original.body, "seed \(seed), case \(number)")
            for name in Self.deciding[provider] ?? [] {
                let (before, after) = (original.head.headers.all(name), request.head.headers.all(name))
                #expect(after.count == 1 && Self.says(after, in: name) == Self.says(before, in: name), "seed \(seed), case \(number)")
            }
            _ = try hook.split(verified, acceptedAt: Self.now, freshID: { "fresh" })
        }
        // Damage that always hits, or never, would prove nothing.
        #expect(accepted > 0 && accepted < Self.cases)
    }

    /// A list of signatures says the same with a stranger beside it.
    private static func says(_ values: [String], in name: String) -> [Substring] {
        guard name == "webhook-signature" else { return values.map { $0[...] } }
        return values.flatMap { $0.utf8.split(separator: UInt8(ascii: " ")) }.map { Substring($0) }.filter {
            $0.utf8.count == 47 && $0.hasPrefix("v1,")
        }
    }
}

/// What may befall a request on its way.
private struct Damage {
    private var random: Seeded

    init(seed: UInt64) {
        random = Seeded(seed)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &random) }

    mutating func strike(_ request: inout Request) {
        guard below(3) > 0, !request.head.headers.fields.isEmpty else { return strike(&request.body) }
        let place = below(request.head.headers.fields.count)
        switch below(7) {
        case 0: request.head.headers.fields.remove(at: place)
        case 1: request.head.headers.fields.append(request.head.headers.fields[place])
        case 2: request.head.headers.fields[place].name = request.head.headers.fields[place].name.uppercased()
        case 3: request.head.headers.fields[place].value += [" ", ",", " v1,AAAA", " v2,x", "=", "\u{301}"][below(6)]
        case 4: request.head.headers.fields[place].value = request.head.headers.fields[place].value.uppercased()
        default:
            var value = Array(request.head.headers.fields[place].value.utf8)
            strike(&value)
            request.head.headers.fields[place].value = String(decoding: value, as: UTF8.self)
        }
    }

    private mutating func strike(_ bytes: inout [UInt8]) {
        let place = below(bytes.count)
        switch below(6) {
        case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes.insert(UInt8(below(256)), at: place)
        case 2 where !bytes.isEmpty: bytes.remove(at: place)
        case 3: bytes.removeLast(bytes.isEmpty ? 0 : below(min(bytes.count, 8)))
        case 4 where !bytes.isEmpty: bytes.swapAt(place, below(bytes.count))
        default: bytes += [0x0A]
        }
    }
}
