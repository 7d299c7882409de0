// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaPostgres

struct LinkWordsTests {
    @Test(
        arguments: [
            (
                "connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01\n",
                "the database refuses the user or the password"
            ),
            (
                "connection to server at \"db\", port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
                "Connection refused"
            ),
            ("connection to server at \"db\", port 5432 failed: FATAL:  99XYZ", "the database refuses the connection (99XYZ)"),
            (
                "connection to server at \"db\", port 5432 failed: SSL error: certificate verify failed\n",
                "SSL error: certificate verify failed"
            ), ("", "the connection ended"),
        ])
    func `of what libpq says only the reason is shown`(_ text: String, _ words: String) {
        #expect(Link.words(text) == words)
    }
}
