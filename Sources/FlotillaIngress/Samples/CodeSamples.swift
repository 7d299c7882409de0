// SPDX-License-Identifier: Apache-2.0

/// Where code is kept, built and run, beside GitHub and GitLab.
enum CodeSamples {
    static let bitbucket = [
        Sample(
            "repo:push",
            #"""
            {"push":{"changes":[{"old":null,"new":{"type":"branch","name":"fog","target":{"hash":"9e1f0a2b3c4d","message":"Blink twice in fog"}},
            "created":true,"forced":false,"closed":false}]},"repository":{"uuid":"{7a1f0c52-90f5-4c2d}","full_name":"harbor/lighthouse","workspace":{
            "slug":"harbor","uuid":"{c0ffee01-32d6}"}},"actor":{"display_name":"Mara Lindqvist","uuid":"{9d65d517}"}}
            """#, headers: [("X-Hook-UUID", "{b7e8e1f2-0b5d}"), ("X-Attempt-Number", "1")])
    ]

    static let circleci = [
        Sample(
            "workflow-completed",
            #"""
            {"id":"$ID","type":"workflow-completed","happened_at":"$TIME","webhook":{"id":"cf8c4fdd","name":"fleet"},"workflow":{"id":"fda08377",
            "name":"build-and-test","status":"success","url":"https://app.circleci.com/pipelines/circleci/harbor/lighthouse/130"},"pipeline":{"id":"1285fe1d",
            "number":130},"project":{"id":"84996744","name":"lighthouse","slug":"github/harbor/lighthouse"},"organization":{"id":"f22b6566","name":"harbor"}}
            """#)
    ]

    static let vercel = [
        Sample(
            "deployment.succeeded",
            #"""
            {"id":"uev_$ID","type":"deployment.succeeded","createdAt":$MILLISECONDS,"region":"fra1","payload":{"team":{"id":"team_9uHarbor"},"user":{
            "id":"usr_mara"},"target":"production","project":{"id":"prj_lamp"},"deployment":{"id":"dpl_7Harbor","name":"lighthouse","url":"lighthouse-7.example.com"}}}
            """#)
    ]

    static let sentry = [
        Sample(
            "issue.created",
            #"""
            {"action":"created","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},"data":{"issue":{"id":"1170820242","shortId":"LAMP-17",
            "title":"DarkInFog: no lamp current","culprit":"tower.lamp","level":"error","status":"unresolved","firstSeen":"$TIME","count":"1",
            "project":{"id":"1","slug":"lighthouse"}}},"actor":{"type":"application","id":"sentry","name":"Sentry"}}
            """#, headers: [("Sentry-Hook-Timestamp", "1795248000")])
    ]

    static let huggingface = [
        Sample(
            "repo.content.update",
            #"""
            {"event":{"action":"update","scope":"repo.content"},"repo":{"type":"model","name":"harbor/fog-vision","id":"621ffdc036468d709f17434d",
            "private":false,"headSha":"c379e821c9c95d613899e8c4343e4bfee2b0c600"},"webhook":{"id":"6390e855e30d9209411de93b","version":3}}
            """#)
    ]
}
