// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Between the socket and the session of an HTTPS connection.
extension Connection {
    /// What TLS itself may leave unsent: a client that makes it say something again and again, and never listens, is cut off.
    private static let chatterLimit = 64 * 1024

    func decrypt(_ bytes: UnsafeRawBufferPointer, by tls: TLSSession) {
        if case .lingering = phase { return }
        // The first byte of a TLS connection is a handshake record's.
        if !tls.hasBegun, bytes.first != 22 {
            goOnPlainly()
            return refuse(.plaintext)
        }
        tls.take(bytes)
        while !isClosed {
            switch tls.read(into: home.plainBuffer) {
            case .bytes(let count): received(UnsafeRawBufferPointer(rebasing: home.plainBuffer[0..<count]))
            case .more:
                guard chat(tls) else { return close() }
                return settle()
            case .ended:
                guard chat(tls) else { return close() }
                return endInput()
            case .failed:
                // Malformed, like a request that is.
                home.responder.refused(nil, with: 400, from: peer)
                _ = sendOutput(of: tls)
                return close()
            }
        }
    }

    /// What TLS says by itself, outside of answers: its part of the handshake, alerts.
    private func chat(_ tls: TLSSession) -> Bool {
        let output = tls.takeOutput()
        guard !output.isEmpty else { return true }
        chatter = unsent.isEmpty ? 0 : chatter + output.count
        return chatter <= Self.chatterLimit && output.withUnsafeBytes(transmit)
    }

    /// False when the client is gone.
    func sendOutput(of tls: TLSSession) -> Bool {
        tls.takeOutput().withUnsafeBytes { $0.isEmpty || transmit($0) }
    }
}
