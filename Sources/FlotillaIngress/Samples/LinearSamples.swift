// SPDX-License-Identifier: Apache-2.0

enum LinearSamples {
    static let all = [
        Sample("Issue.create", event("Issue", "create", issue), headers: [("Linear-Event", "Issue")]),
        Sample("Issue.update", event("Issue", "update", issue + #","updatedFrom":{"priority":0}"#), headers: [("Linear-Event", "Issue")]),
        Sample("Comment.create", event("Comment", "create", comment), headers: [("Linear-Event", "Comment")]),
    ]

    private static func event(_ type: String, _ action: String, _ rest: String) -> String {
        #"{"action":"\#(action)","type":"\#(type)","createdAt":"$TIME","organizationId":"a1f7-harbor","webhookTimestamp":$MILLISECONDS,"#
            + #""webhookId":"wh-1","actor":{"id":"u-mara","type":"user","name":"Mara Lindqvist"},"url":"https://linear.app/harbor/issue/LAMP-17",\#(rest)}"#
    }

    private static let issue = #"""
        "data":{"id":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9","identifier":"LAMP-17","title":"The lamp stays dark in fog","priority":2,
        "team":{"id":"t-1","key":"LAMP"},"state":{"id":"s-1","name":"Todo","type":"unstarted"},"labels":[]}
        """#

    private static let comment = #"""
        "data":{"id":"c-1","body":"Seen on the north tower, twice this week.","issueId":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9","userId":"u-jo"}
        """#
}
