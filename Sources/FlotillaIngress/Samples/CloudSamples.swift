// SPDX-License-Identifier: Apache-2.0

/// Topics of clouds, and models.
enum CloudSamples {
    /// The signature becomes a member of the body.
    static let sns = [
        Sample(
            "Notification",
            #"""
            {"Type":"Notification","MessageId":"$ID","TopicArn":"arn:aws:sns:eu-west-1:123456789012:lamps","Subject":"North tower",
            "Message":"{\"lamp\":\"dark\",\"tower\":\"north\"}","Timestamp":"$TIME","UnsubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe"}
            """#, contentType: "text/plain; charset=UTF-8")
    ]

    static let pubsub = [
        Sample(
            "OBJECT_FINALIZE",
            #"""
            {"message":{"attributes":{"eventType":"OBJECT_FINALIZE","bucketId":"harbor-logs"},"data":"eyJsYW1wIjoiZGFyayJ9","messageId":"$NUMBER",
            "message_id":"$NUMBER","publishTime":"$TIME","publish_time":"$TIME"},"subscription":"projects/harbor/subscriptions/lamps"}
            """#)
    ]

    static let openai = [
        Sample(
            "response.completed",
            #"{"id":"evt_$ID","object":"event","created_at":$SECONDS,"type":"response.completed","data":{"id":"resp_67ccfcdd16748190a91872c75d38539e"}}"#
        ),
        Sample(
            "batch.completed",
            #"{"id":"evt_$ID","object":"event","created_at":$SECONDS,"type":"batch.completed","data":{"id":"batch_abc123"}}"#),
    ]
}
