// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaRuntime
internal import Glibc

/// Certificates in files, read once when a hook is made.
enum CertificateFiles {
    /// Larger than any chain, and than Debian's roots in one file.
    private static let fileLimit = 1 << 20
    private static let countLimit = 1000

    /// The chain of each file `….pem` of a folder, by the file's name without its ending.
    static func chains(in folder: String, of option: HookOption) throws(HookFault) -> [String: SignerCertificates.Chain] {
        var chains: [String: SignerCertificates.Chain] = [:]
        for name in try names(in: folder, endings: [".pem"], of: option) {
            let text = try read("\(folder)/\(name)", of: option)
            do throws(CryptoFailure) {
                let all = try Certificate.list(pem: text)
                guard let signer = all.first else { continue }
                chains[String(name.dropLast(4))] = SignerCertificates.Chain(
                    key: SignatureKey(try signer.publicKey()), signer: signer, others: Array(all.dropFirst()))
            } catch {
                throw HookFault(.option(option.name), "names a folder with a file that is no certificate, \(name): \(error)")
            }
        }
        return chains
    }

    /// All certificates of a file, or of the files `….pem` and `….crt` of a folder.
    static func roots(at path: String, of option: HookOption) throws(HookFault) -> TrustedRoots {
        var all: [Certificate] = []
        let paths = isFolder(path) ? try names(in: path, endings: [".pem", ".crt"], of: option).map { "\(path)/\($0)" } : [path]
        for path in paths {
            let text = try read(path, of: option)
            do throws(CryptoFailure) {
                all += try Certificate.list(pem: text, limit: countLimit)
            } catch {
                throw HookFault(.option(option.name), "names a file that is no certificate: \(error)")
            }
        }
        guard !all.isEmpty else { throw HookFault(.option(option.name), "names a folder without certificates in PEM") }
        do throws(CryptoFailure) {
            return try TrustedRoots(all)
        } catch {
            throw HookFault(.option(option.name), "can't be used: \(error)")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        guard let folder = opendir(path) else { return false }
        closedir(folder)
        return true
    }

    private static func names(in path: String, endings: [String], of option: HookOption) throws(HookFault) -> [String] {
        guard let folder = opendir(path) else { throw HookFault(.option(option.name), "names no folder that can be read") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard endings.contains(where: name.hasSuffix) else { continue }
            guard names.count < countLimit else {
                throw HookFault(.option(option.name), "names a folder of more than \(countLimit) certificates")
            }
            names.append(name)
        }
        return names.sorted()
    }

    private static func read(_ path: String, of option: HookOption) throws(HookFault) -> [UInt8] {
        do throws(SmallFile.Failure) {
            return try SmallFile.read(path, limit: fileLimit)
        } catch {
            throw HookFault(.option(option.name), "names a file that \(error)")
        }
    }
}
