// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

extension Headers {
    /// The value of a field that decides whether a request is believed. Repeated, the field could be read in two ways, and
    /// one of them may be an attacker's: so it is refused, as an absent one is.
    func single(_ name: String) throws(Rejection) -> String {
        if let value = unambiguous(name) { return value }
        throw Rejection(.header, "the header \(name) \(all(name).count > 1 ? "came more than once" : "is missing")")
    }

    /// The value of a field that only informs: absent, empty and repeated are all nil.
    func unambiguous(_ name: String) -> String? {
        guard let place = place(of: name), self.place(of: name, behind: place) == nil, !fields[place].value.isEmpty else { return nil }
        return fields[place].value
    }
}
