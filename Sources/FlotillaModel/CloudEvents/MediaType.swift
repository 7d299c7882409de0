// SPDX-License-Identifier: Apache-2.0

package enum MediaType {
    /// Whether a content type declares JSON: `application/json`, `text/json`, `…/…+json`, with or without parameters. None at all
    /// counts as JSON, as CloudEvents has it.
    package static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        guard let slash = type.firstIndex(of: "/") else { return false }
        let subtype = type[type.index(after: slash)...]
        return subtype == "json" || subtype.hasSuffix("+json")
    }
}
