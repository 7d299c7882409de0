// SPDX-License-Identifier: Apache-2.0

/// Tickets and alarms.
enum SupportSamples {
    static let zendesk = [
        Sample(
            "zen:event-type:ticket.created",
            #"""
            {"type":"zen:event-type:ticket.created","account_id":22129848,"id":"$ID","time":"$TIME","zendesk_event_version":"2022-06-20",
            "subject":"zen:ticket:5158","detail":{"id":"5158","subject":"The lamp is dark","status":"NEW","priority":"HIGH","requester_id":"8447388090",
            "created_at":"$TIME","tags":["north-tower"]},"event":{}}
            """#, headers: [("X-Zendesk-Account-Id", "22129848")])
    ]

    static let pagerduty = [
        Sample(
            "incident.triggered",
            #"""
            {"event":{"id":"$ID","event_type":"incident.triggered","resource_type":"incident","occurred_at":"$TIME","agent":{"id":"PLH1HKV","type":"user_reference"},
            "client":null,"data":{"id":"PGR0VU2","type":"incident","number":2,"status":"triggered","title":"North tower: no lamp current","urgency":"high",
            "service":{"id":"PF9KMXH","summary":"Lamps"}}}}
            """#, headers: [("X-Webhook-Subscription", "PXHARBOR")])
    ]
}
