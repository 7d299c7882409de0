// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

extension Headers {
    /// The value of a field that decides whether a request is believed. Repeated, the field could be read in two ways, and
    /// one of them may be an attacker's: so it is refused, as an absent one is.
    func single(_ name: String) throws(Rejection) -> String {
        var found: String?
        for field in fields where Headers.same(field.name, name) {
            guard found == nil else { throw Rejection(.header, "the header \(name) came more than once") }
            found = field.value
        }
        guard let found, !found.isEmpty else { throw Rejection(.header, "the header \(name) is missing") }
        return found
    }

    /// The value of a field that only informs: absent, empty and repeated are all nil.
    func unambiguous(_ name: String) -> String? {
        try? single(name)
    }
}
