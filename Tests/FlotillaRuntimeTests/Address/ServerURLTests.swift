// SPDX-License-Identifier: Apache-2.0

import FlotillaRuntime
import Testing

struct ServerURLTests {
    private static func read(_ text: String) throws -> ServerURL { try ServerURL(text, ports: ["plain": 10, "safe": 20]) }

    @Test func `everything that it says is taken apart and percent-decoded`() throws {
        let url = try Self.read("safe://fl%40t:p%40ss%2Fw%3Ard:x@a,b:1/my%2Fpath/x?one=1%26&two&three=a=b")
        #expect(url.scheme == "safe" && url.user == "fl@t" && url.password?.expose() == "p@ss/w:rd:x" && url.path == "my/path/x")
        #expect(url.hosts.map(\.description) == ["a:20", "b:1"])
        #expect(url.options.map { "\($0.name)>\($0.value)" } == ["one>1&", "two>", "three>a=b"])
    }

    @Test func `what is left out is not there`() throws {
        let url = try Self.read("plain://h")
        #expect(url.user == nil && url.password == nil && url.path.isEmpty && url.options.isEmpty)
        #expect(try Self.read("plain://u@h/").password == nil && Self.read("plain://u:@h?").password == nil)
    }

    @Test(arguments: [
        ("h", "h:10"), ("h:1", "h:1"), ("h:65535", "h:65535"), ("[::1]", "[::1]:10"), ("[fe80::1%25eth0]:5", "[fe80::1%eth0]:5"),
        ("%2Fvar%2Frun", "/var/run:10"), ("a,b", "a:10 b:10"),
    ])
    func `a host is a name, an address, in brackets if it has colons, or a folder`(_ text: String, _ hosts: String) throws {
        #expect(try Self.read("plain://\(text)").hosts.map(\.description).joined(separator: " ") == hosts)
    }

    @Test(arguments: [
        "", ":", ":1", "h:", "h:0", "h:x", "h:+5", "h:-5", "h:65536", "h:1:2", "::1", "[::1", "[::1]5", "[::1]:x", "[]", "[a]b", "a,,b",
        "a,",
        "h%zz", "h%4", "h%+4", "h%00", "h%FF", "h/%", "h?x=%", "h/a@b", "h?x=a@b", "h/a#b", "h#", "h x", "h/ö", "h\t",
    ])
    func `what can't be read is refused without any of it`(_ rest: String) {
        for user in ["", "someone:hunter2@"] {
            let fault = #expect(throws: ServerURL.Fault.self) { try Self.read("plain://\(user)\(rest)") }
            #expect(fault.map { !$0.description.contains("hunter2") && !$0.description.contains("someone") } ?? false)
        }
    }

    @Test(arguments: ["", "plain", "plain:", "plain:/h", "other://h", "Plain://h"])
    func `another scheme is refused, with those that there are`(_ text: String) {
        let fault = #expect(throws: ServerURL.Fault.self) { try Self.read(text) }
        #expect(fault?.description == "must begin with plain:// or safe://")
    }

    @Test(arguments: ["hun@ter2", "hun/ter2", "hun#ter2", "hun?ter2", "hun@ter/2"])
    func `a password that was not escaped is told how it must be written, without any of it`(_ password: String) {
        let fault = #expect(throws: ServerURL.Fault.self) { try Self.read("plain://u:\(password)@h/path") }
        for escape in ["%40", "%2F", "%23", "%3F"] { #expect(fault?.description.contains(escape) ?? false) }
        #expect(fault.map { !$0.description.contains("hun") && !$0.description.contains("ter") } ?? false)
    }

    @Test(arguments: ["%", "%zz", "%4", "%00", "%FF", " ", "ö"])
    func `a password with what is not text is refused without any of it`(_ end: String) {
        let fault = #expect(throws: ServerURL.Fault.self) { try Self.read("plain://u:hunter2\(end)@h") }
        #expect(fault.map { !$0.description.contains("hunter2") } ?? false)
    }
}
