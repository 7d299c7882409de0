// SPDX-License-Identifier: Apache-2.0

enum GitLabSamples {
    private static let headers = [(name: "X-Gitlab-Instance", value: "https://gitlab.example.com")]

    static let all = [
        Sample(
            "Push Hook",
            #"""
            {"object_kind":"push","event_name":"push","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","ref":"refs/heads/main",
            "after":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","user_id":4,"user_name":"Mara Lindqvist","user_username":"mara-l","project_id":15,
            "project":{"id":15,"name":"Lighthouse","path_with_namespace":"harbor/lighthouse","web_url":"https://gitlab.example.com/harbor/lighthouse",
            "default_branch":"main"},"commits":[{"id":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","message":"Turn the lamp on at dusk",
            "timestamp":"2026-11-21T08:15:30+01:00","author":{"name":"Mara Lindqvist","email":"mara@example.com"},"added":["dusk.swift"],
            "modified":[],"removed":[]}],"total_commits_count":1}
            """#, headers: headers),
        Sample(
            "Merge Request Hook",
            #"""
            {"object_kind":"merge_request","event_type":"merge_request","user":{"id":4,"username":"mara-l"},"project":{"id":15,
            "path_with_namespace":"harbor/lighthouse","web_url":"https://gitlab.example.com/harbor/lighthouse"},"object_attributes":{"id":99,
            "iid":42,"target_branch":"main","source_branch":"fog","title":"Blink twice in fog","state":"opened","action":"open",
            "merge_status":"unchecked","url":"https://gitlab.example.com/harbor/lighthouse/-/merge_requests/42","created_at":"$TIME"},"labels":[]}
            """#, headers: headers),
        Sample(
            "Pipeline Hook",
            #"""
            {"object_kind":"pipeline","object_attributes":{"id":31,"iid":3,"ref":"main","sha":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
            "source":"push","status":"success","detailed_status":"passed","stages":["build","test"],"created_at":"$TIME","duration":63},
            "project":{"id":15,"path_with_namespace":"harbor/lighthouse"},"builds":[{"id":380,"stage":"test","name":"unit","status":"success"}]}
            """#, headers: headers),
    ]
}
