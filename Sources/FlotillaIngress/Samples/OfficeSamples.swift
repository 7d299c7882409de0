// SPDX-License-Identifier: Apache-2.0

/// Work, forms, calendars and documents.
enum OfficeSamples {
    static let asana = [
        Sample(
            "changed.task",
            #"""
            {"events":[{"user":{"gid":"1331","resource_type":"user"},"created_at":"$TIME","action":"changed","resource":{"gid":"1337","resource_type":"task",
            "resource_subtype":"default_task"},"parent":null,"change":{"field":"due_at","action":"changed"}}]}
            """#)
    ]

    static let jira = [
        Sample(
            "jira:issue_updated",
            #"""
            {"timestamp":$MILLISECONDS,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic","user":{
            "self":"https://harbor.atlassian.net/rest/api/2/user?accountId=557058","accountId":"557058","displayName":"Mara Lindqvist"},"issue":{"id":"10002",
            "self":"https://harbor.atlassian.net/rest/api/2/issue/10002","key":"LAMP-17","fields":{"summary":"The lamp stays dark in fog","status":{"name":"Done"}}},
            "changelog":{"id":"10124","items":[{"field":"status","fromString":"In Progress","toString":"Done"}]}}
            """#)
    ]

    static let typeform = [
        Sample(
            "form_response",
            #"""
            {"event_id":"$ID","event_type":"form_response","form_response":{"form_id":"lT4Z3j","token":"a3a12ec67a1365927098a606107fac15","landed_at":"$TIME",
            "submitted_at":"$TIME","definition":{"id":"lT4Z3j","title":"Harbor visit","fields":[{"id":"DlXF","type":"short_text","title":"Your name"}]},
            "answers":[{"type":"text","text":"Inês","field":{"id":"DlXF","type":"short_text"}}]}}
            """#)
    ]

    static let calendly = [
        Sample(
            "invitee.created",
            #"""
            {"created_at":"$TIME","created_by":"https://api.calendly.com/users/MARA","event":"invitee.created","payload":{"email":"ines@example.com",
            "name":"Inês Duarte","status":"active","timezone":"Europe/Lisbon","uri":"https://api.calendly.com/scheduled_events/LAMP/invitees/$ID",
            "event":"https://api.calendly.com/scheduled_events/LAMP","questions_and_answers":[]}}
            """#)
    ]

    static let docusign = [
        Sample(
            "envelope-completed",
            #"""
            {"event":"envelope-completed","apiVersion":"v2.1","uri":"/restapi/v2.1/accounts/5e5d7b4f/envelopes/$ID","retryCount":0,"configurationId":10558514,
            "generatedDateTime":"$TIME","data":{"accountId":"5e5d7b4f","userId":"a7d2f6c0","envelopeId":"$ID","envelopeSummary":{"status":"completed",
            "emailSubject":"Lease of the north tower"}}}
            """#)
    ]

    /// Says that something changed, and not what.
    static let dropbox = [
        Sample("unknown", #"{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]},"delta":{"users":[12345678]}}"#)
    ]

    static let msgraph = [
        Sample(
            "updated",
            #"""
            {"value":[{"id":"$ID","subscriptionId":"7f105c7d-2dc5-4530-97cd-4e7ae6534c07","subscriptionExpirationDateTime":"2027-01-01T00:00:00Z",
            "changeType":"updated","resource":"users/mara/messages/AAMk","resourceData":{"@odata.type":"#Microsoft.Graph.Message","id":"AAMk"},
            "tenantId":"84bd8158-6d4d-4958-8b9f-9d6445542f95"}]}
            """#)
    ]
}
