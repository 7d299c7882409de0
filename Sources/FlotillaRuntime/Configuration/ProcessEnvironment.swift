// SPDX-License-Identifier: Apache-2.0

@preconcurrency internal import Glibc

extension Configuration {
    /// The environment of this process. Read once at the start, before there are threads that could change it.
    package static func processEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }
}
