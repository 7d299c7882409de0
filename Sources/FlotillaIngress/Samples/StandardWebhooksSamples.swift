// SPDX-License-Identifier: Apache-2.0

/// The shape that Standard Webhooks advises: a type, a time, and the data.
enum StandardWebhooksSamples {
    static let all = [
        Sample(
            "invoice.paid",
            #"""
            {"type":"invoice.paid","timestamp":"2026-11-21T08:30:00Z","data":{"id":"inv_01J9Z4Q7","number":"2026-0117","currency":"EUR",
            "amount_due":12900,"amount_paid":12900,"paid_at":"2026-11-21T08:29:57Z","customer":{"id":"cus_01J8YT","name":"Nordlicht Bäckerei",
            "email":"buchhaltung@nordlicht.example"},"lines":[{"description":"Plan Team, November","quantity":3,"unit_amount":4300}]}}
            """#),
        Sample(
            "user.created",
            #"""
            {"type":"user.created","timestamp":"2026-11-21T08:31:12Z","data":{"id":"usr_01J9Z4S3","email":"ines@example.com",
            "name":"Inês Duarte","locale":"pt-PT","roles":["member"],"invited_by":"usr_01J8XA","verified":false}}
            """#),
        Sample(
            "message.sent",
            #"""
            {"type":"message.sent","timestamp":"2026-11-21T08:32:44Z","data":{"id":"msg_01J9Z4TY","channel":"chn_support",
            "from":"usr_01J8XA","to":["usr_01J9Z4S3"],"text":"Welcome aboard! 🚢 Your first report is ready.","attachments":[]}}
            """#),
    ]
}
