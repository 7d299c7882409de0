// SPDX-License-Identifier: Apache-2.0

/// GitHub's events with the fields that integrations look at, about a repository that does not exist.
enum GitHubSamples {
    static let all = [
        Sample("push", object(push, repository, pusher, sender)),
        Sample("pull_request.opened", object(pullRequest, repository, sender)),
        Sample("issues.opened", object(issue, repository, sender)),
        Sample("release.published", object(release, repository, sender)),
        Sample("ping", object(ping, repository, sender)),
    ]

    private static func object(_ members: String...) -> String {
        "{" + members.joined(separator: ",") + "}"
    }

    private static let push = #"""
        "ref":"refs/heads/main","before":"5f2b7c1e9a04d83f6b1e2c7d8a9f0b1c2d3e4f50","after":"c81d4e2e7bfb4c2aa0f14d9b6e3d5a7f8091a2b3",
        "created":false,"deleted":false,"forced":false,"base_ref":null,
        "compare":"https://github.com/octo-harbor/lighthouse/compare/5f2b7c1e9a04...c81d4e2e7bfb",
        "commits":[{"id":"c81d4e2e7bfb4c2aa0f14d9b6e3d5a7f8091a2b3","message":"Turn the lamp on at dusk","timestamp":"2026-11-21T08:15:30+01:00",
        "url":"https://github.com/octo-harbor/lighthouse/commit/c81d4e2e7bfb4c2aa0f14d9b6e3d5a7f8091a2b3","distinct":true,
        "author":{"name":"Mara Lindqvist","email":"mara@example.com","username":"mara-l"},
        "added":["src/dusk.swift"],"removed":[],"modified":["README.md"]}]
        """#

    private static let pullRequest = #"""
        "action":"opened","number":42,"pull_request":{"id":1894302177,"number":42,"state":"open","draft":false,"merged":false,
        "title":"Blink twice in fog","body":"Two short flashes when the sensor reports fog.\n\nCloses #17",
        "html_url":"https://github.com/octo-harbor/lighthouse/pull/42","created_at":"2026-11-21T08:20:11Z","updated_at":"2026-11-21T08:20:11Z",
        "user":{"login":"mara-l","id":7310554,"type":"User"},"head":{"ref":"fog","sha":"9e1f0a2b3c4d5e6f708192a3b4c5d6e7f8091a2b"},
        "base":{"ref":"main","sha":"c81d4e2e7bfb4c2aa0f14d9b6e3d5a7f8091a2b3"},"commits":2,"additions":61,"deletions":4,"changed_files":3}
        """#

    private static let issue = #"""
        "action":"opened","issue":{"id":2540018823,"number":17,"title":"The lamp stays dark in fog","state":"open","comments":0,
        "body":"Seen on the north tower, twice this week.","html_url":"https://github.com/octo-harbor/lighthouse/issues/17",
        "created_at":"2026-11-20T21:04:00Z","user":{"login":"keeper-jo","id":5520193,"type":"User"},
        "labels":[{"id":301,"name":"bug","color":"d73a4a"}],"assignees":[]}
        """#

    private static let release = #"""
        "action":"published","release":{"id":181203377,"tag_name":"v1.4.0","name":"1.4.0: fog","target_commitish":"main","draft":false,
        "prerelease":false,"body":"- Blinks twice in fog\n- Starts faster","html_url":"https://github.com/octo-harbor/lighthouse/releases/tag/v1.4.0",
        "created_at":"2026-11-21T09:00:00Z","published_at":"2026-11-21T09:02:10Z","author":{"login":"mara-l","id":7310554,"type":"User"},
        "assets":[]}
        """#

    private static let ping = #"""
        "zen":"Keep it logically awesome.","hook_id":509117203,"hook":{"type":"Repository","id":509117203,"name":"web","active":true,
        "events":["push","pull_request","issues","release"],"config":{"content_type":"json","insecure_ssl":"0","url":"https://hooks.example.com/hooks/github"}}
        """#

    private static let repository = #"""
        "repository":{"id":730055812,"name":"lighthouse","full_name":"octo-harbor/lighthouse","private":false,"default_branch":"main",
        "html_url":"https://github.com/octo-harbor/lighthouse","owner":{"login":"octo-harbor","id":1440027,"type":"Organization"}},
        "installation":{"id":44810926}
        """#

    private static let pusher = #""pusher":{"name":"mara-l","email":"mara@example.com"}"#
    private static let sender = #""sender":{"login":"mara-l","id":7310554,"type":"User"}"#
}
