// SPDX-License-Identifier: Apache-2.0

enum TwilioSamples {
    private static let form = "application/x-www-form-urlencoded; charset=UTF-8"

    static let forms = [
        Sample(
            "received",
            "ToCountry=DE&SmsMessageSid=SM$ID&NumMedia=0&SmsSid=SM$ID&SmsStatus=received&Body=Is+the+lamp+on%3F+%F0%9F%9A%A2&To=%2B4930123456"
                + "&NumSegments=1&MessageSid=SM$ID&AccountSid=AC0harbor&From=%2B351912345678&ApiVersion=2010-04-01", contentType: form),
        Sample(
            "delivered",
            "SmsSid=SM$ID&SmsStatus=delivered&MessageStatus=delivered&To=%2B351912345678&MessageSid=SM$ID&AccountSid=AC0harbor&From=%2B4930123456"
                + "&ApiVersion=2010-04-01", contentType: form),
        Sample(
            "completed",
            "Called=%2B4930123456&CallStatus=completed&Direction=inbound&CallDuration=42&CallSid=CA$ID&From=%2B351912345678&AccountSid=AC0harbor"
                + "&Duration=1&ApiVersion=2010-04-01&SequenceNumber=0", contentType: form),
    ]

    static let json = [
        Sample(
            "unknown",
            #"""
            [{"specversion":"1.0","type":"com.twilio.messaging.message.delivered","source":"/2010-04-01/Accounts/AC0harbor/Messages/SM$ID",
            "id":"EZ$ID","dataschema":"https://events-schemas.twilio.com/Messaging.MessageStatus/2","datacontenttype":"application/json",
            "time":"$TIME","data":{"accountSid":"AC0harbor","messageSid":"SM$ID","messageStatus":"DELIVERED","to":"+351912345678"}}]
            """#)
    ]
}
