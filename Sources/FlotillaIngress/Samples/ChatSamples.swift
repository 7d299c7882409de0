// SPDX-License-Identifier: Apache-2.0

/// Where people talk, beside Slack.
enum ChatSamples {
    static let discord = [
        Sample(
            "2",
            #"""
            {"id":"$NUMBER","application_id":"845027738276462632","type":2,"token":"a-token-of-this-interaction","version":1,"guild_id":"772904309264089089",
            "channel_id":"772908445358620702","member":{"user":{"id":"53908232506183680","username":"mara"},"roles":[]},"data":{"id":"866818195033292850",
            "name":"lamp","type":1,"options":[{"name":"tower","type":3,"value":"north"}]}}
            """#)
    ]

    static let telegram = [
        Sample(
            "message",
            #"""
            {"update_id":$NUMBER,"message":{"message_id":1365,"date":$SECONDS,"chat":{"id":1111111,"type":"private","first_name":"Mara"},"from":{
            "id":1111111,"is_bot":false,"first_name":"Mara"},"text":"/lamp north"}}
            """#)
    ]

    static let zoom = [
        Sample(
            "meeting.started",
            #"""
            {"event":"meeting.started","event_ts":$MILLISECONDS,"payload":{"account_id":"AAAAAABBBB","object":{"id":"1234567890","uuid":"4444AAAiAAAAAiAiAiiAii==",
            "host_id":"x1yCzABCDEfg23HiJKl4mN","topic":"Fog at the north tower","type":2,"start_time":"$TIME","timezone":"Europe/Lisbon","duration":30}}}
            """#)
    ]

    static let intercom = [
        Sample(
            "conversation.user.created",
            #"""
            {"type":"notification_event","app_id":"w8xharbor","id":"notif_$ID","topic":"conversation.user.created","created_at":$SECONDS,
            "first_sent_at":$SECONDS,"delivery_attempts":1,"data":{"type":"notification_event_data","item":{"type":"conversation","id":"147",
            "state":"open","source":{"type":"conversation","body":"<p>The lamp is dark.</p>","author":{"type":"user","email":"ines@example.com"}}}}}
            """#)
    ]

    static let meta = [
        Sample(
            "whatsapp_business_account.messages",
            #"""
            {"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",
            "metadata":{"display_phone_number":"4930123456","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"In\u00eas"},
            "wa_id":"351912345678"}],"messages":[{"from":"351912345678","id":"wamid.$ID","timestamp":"$SECONDS","type":"text","text":{"body":"Is the lamp on?"}}]}}]}]}
            """#)
    ]
}
