// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Mailgun's way: an object in the body holds a time, a token and the HMAC of both. The rest of the body is not covered, so the
/// token, which is never used for two events, is all that shows a replay.
struct SignatureInBody: SignatureScheme {
    /// The objects that may prove the request, in their order. An account above the sender's adds its own.
    let objects: [String]
    let time: SignedTime

    var keyMeaning: String { KeyForm.text.meaning }
    var options: [HookOption] { time.options }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        var keys: [MACKey] = []
        for bytes in try KeyForm.text.bytes(of: settings.keys) {
            do { keys.append(try MACKey(bytes, .hmac(.sha256))) } catch { throw .unusableKey }
        }
        return SignatureInBodyCheck(objects: objects, time: try time.configured(by: settings), keys: keys)
    }
}

struct SignatureInBodyCheck: SignatureCheck {
    private static let fields = ["timestamp", "token", "signature"]

    let objects: [String]
    let time: SignedTime
    let keys: [MACKey]

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let found = proofs(in: request)
        guard !found.isEmpty else {
            throw Rejection(.body, "the body does not hold \(Self.fields.joined(separator: ", ")) as \(objects[0]) or as a form")
        }
        var stale: Rejection?
        for proof in found where try isSigned(proof) {
            do throws(Rejection) {
                try time.check(proof[0][...], at: now)
                return [:]
            } catch {
                stale = error
            }
        }
        if let stale { throw stale }
        throw Rejection(.signature, "no signature matches its timestamp and token and the configured secrets")
    }

    /// The values of the three fields, for every object that has all of them.
    private func proofs(in request: Request) -> [[String]] {
        let paths = objects.flatMap { object in Self.fields.map { [object, $0] } }
        if !JSONObjectText.isBegun(by: request.body),
            let texts = FormFields.texts(Self.fields, of: request.body, declaredAs: request.head.headers["Content-Type"])
        {
            return texts.contains(nil) ? [] : [texts.compactMap(\.self)]
        }
        guard let found = try? JSONFields.extract(paths: paths, from: request.body) else { return [] }
        return objects.indices.compactMap { index in
            let texts = found[index * Self.fields.count..<(index + 1) * Self.fields.count].compactMap { $0?.text }
            return texts.count == Self.fields.count ? texts : nil
        }
    }

    private func isSigned(_ proof: [String]) throws(Rejection) -> Bool {
        for key in keys where constantTimeEquals(proof[2][...], try code(of: proof, by: key)) { return true }
        return false
    }

    private func code(of proof: [String], by key: MACKey) throws(Rejection) -> String {
        var message = Message(capacity: 2)
        message = message.appending(proof[0]).appending(proof[1])
        return Hex.encode(try key.code(of: message))
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        guard let key = keys.first else { throw Rejection(.unavailable, "there is no secret to sign with") }
        let token: String
        do { token = Hex.encode(try Random.bytes(25)) } catch { throw Rejection(.unavailable, "the signature can't be computed now") }
        var proof = [time.write(now), token]
        proof.append(try code(of: proof, by: key))
        var json = JSONWriter(capacity: 256)
        json.object { json in
            for (name, text) in zip(Self.fields, proof) { json.member(name, text) }
        }
        request.body = JSONObjectText.adding(objects[0], json.bytes, to: request.body)
    }
}
