# SPDX-License-Identifier: Apache-2.0
"""The PyPI package standardwebhooks as signer and as verifier: one request as JSON a line in, one answer a line out.

{"do": "sign", "secret": ..., "id": ..., "time": ..., "body": ...}            -> {"signature": ...}
{"do": "verify", "secret": ..., "headers": {...}, "body": ...}                -> {"accepted": true | false}
"""
import datetime
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    asked = json.loads(line)
    webhook = Webhook(asked["secret"])
    if asked["do"] == "sign":
        time = datetime.datetime.fromtimestamp(asked["time"], datetime.timezone.utc)
        answer = {"signature": webhook.sign(asked["id"], time, asked["body"])}
    else:
        try:
            webhook.verify(asked["body"], asked["headers"])
            answer = {"accepted": True}
        except WebhookVerificationError:
            answer = {"accepted": False}
    print(json.dumps(answer), flush=True)
