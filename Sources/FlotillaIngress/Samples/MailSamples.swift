// SPDX-License-Identifier: Apache-2.0

/// Those who deliver mail, beside SendGrid.
enum MailSamples {
    static let mailgun = [
        Sample(
            "delivered",
            #"""
            {"event-data":{"event":"delivered","id":"$ID","timestamp":$SECONDS.85,"log-level":"info","recipient":"ines@example.com",
            "recipient-domain":"example.com","domain":{"name":"mg.harbor.example"},"message":{"headers":{"message-id":"20261121083000.1.1@mg.harbor.example",
            "to":"ines@example.com","from":"lamp@harbor.example","subject":"Welcome aboard"},"size":111},"delivery-status":{"code":250,"message":"OK"}}}
            """#)
    ]

    static let postmark = [
        Sample(
            "Delivery",
            #"""
            {"RecordType":"Delivery","ServerID":23,"MessageStream":"outbound","MessageID":"$ID","Recipient":"ines@example.com","Tag":"welcome",
            "DeliveredAt":"$TIME","Details":"250 2.0.0 OK","Metadata":{"user":"usr_01J9Z4S3"}}
            """#),
        Sample(
            "Bounce",
            #"""
            {"RecordType":"Bounce","ID":$NUMBER,"Type":"HardBounce","TypeCode":1,"ServerID":23,"MessageStream":"outbound","MessageID":"$ID",
            "Email":"nobody@example.com","From":"lamp@harbor.example","BouncedAt":"$TIME","Inactive":true,"CanActivate":true,"Subject":"Welcome aboard"}
            """#),
    ]

    /// One form field of JSON.
    static let mandrill = [
        Sample(
            "send",
            "mandrill_events=%5B%7B%22event%22%3A%22send%22%2C%22_id%22%3A%22$ID%22%2C%22ts%22%3A$SECONDS%2C%22msg%22%3A%7B%22_id%22%3A%22$ID%22%2C"
                + "%22email%22%3A%22ines%40example.com%22%2C%22subject%22%3A%22Welcome+aboard%22%2C%22state%22%3A%22sent%22%2C%22tags%22%3A%5B%5D%7D%7D%5D",
            contentType: "application/x-www-form-urlencoded")
    ]
}
