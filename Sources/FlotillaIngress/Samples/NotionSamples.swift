// SPDX-License-Identifier: Apache-2.0

enum NotionSamples {
    static let all = [
        Sample("page.created", event("page.created", "page")),
        Sample("page.content_updated", event("page.content_updated", "page")),
        Sample("comment.created", event("comment.created", "comment")),
    ]

    private static func event(_ type: String, _ entity: String) -> String {
        #"{"id":"$ID","timestamp":"$TIME","workspace_id":"13950b26-c203-4f3b-b97d-93ec06319565","workspace_name":"Harbor","#
            + #""subscription_id":"29d75c0d-5546-4414-8459-7b7a92f1fc4b","integration_id":"0ef2e755-4912-8096-91c1-00376a88a5ca","#
            + #""type":"\#(type)","authors":[{"id":"c7c11cca","type":"person"}],"attempt_number":1,"#
            + #""entity":{"id":"153104cd-477e-809d-8dc4-ff2d96ae3090","type":"\#(entity)"},"data":{"parent":{"id":"13950b26","type":"space"}}}"#
    }
}
