# SPDX-License-Identifier: Apache-2.0
"""The providers' own packages from PyPI as signers and as verifiers: one JSON object a line in, one answer a line out.

{"do": "providers"}                                                         -> {"signs": [...], "verifies": [...]}
{"do": "sign", "provider": ..., "secret": ..., "time": ..., "body": ...}    -> a request in the format of `flotilla hooks verify`
{"do": "verify", ...a request in that format}                               -> {"accepted": true | false}
"""
import base64
import datetime
import json
import logging
import os
import sys
import types
from urllib.parse import parse_qsl, urlsplit

import atlassian_jwt
import discord_interactions
import gidgethub.sansio
import jwt
import nacl.signing
import openai
import paddle_billing.Notifications as paddle
import pywa.utils
import sendgrid.helpers.eventwebhook
import slack_sdk.signature
import standardwebhooks
import stripe
import svix
import twilio.request_validator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hubspot.utils.signature import Signature as HubSpot
from paddle_billing.Notifications.PaddleSignature import PaddleSignature
from square.utils.webhooks_helper import verify_signature as square

logging.disable(logging.CRITICAL)
URL = "https://hooks.example.com/hooks/door"


class Line:
    """A request to verify."""

    def __init__(self, line):
        self.secret = line["keys"][0]["value"]
        self.headers = {name.lower(): value for name, value in line["headers"]}
        self.body = base64.b64decode(line["body_b64"]) if "body_b64" in line else line["body"].encode()
        self.url, self.method, self.config = line["url"], line["method"], line.get("config", {})

    def __getitem__(self, name):
        return self.headers.get(name.lower(), "")


def signed(ask, headers, key=None, kind="utf8", url=URL, config=None, content="application/json"):
    line = {"provider": ask["provider"], "keys": [{"kind": kind, "value": key or ask["secret"]}], "now": ask["now"], "method": "POST", "url": url}
    line |= {"headers": [["Content-Type", content]] + [list(one) for one in headers.items()], "body": ask["body"]}
    return line | ({"config": config} if config else {})


# Stripe, Slack, Paddle, Square, GitHub, Meta


def stripe_sign(ask):
    header = stripe.WebhookSignature.generate_signature_header(ask["body"], ask["secret"], timestamp=ask["time"])
    return signed(ask, {"Stripe-Signature": header})


def stripe_verify(line):
    return stripe.WebhookSignature.verify_header(line.body, line["Stripe-Signature"], line.secret, tolerance=300)


def slack_sign(ask):
    code = slack_sdk.signature.SignatureVerifier(ask["secret"]).generate_signature(timestamp=str(ask["time"]), body=ask["body"])
    return signed(ask, {"X-Slack-Request-Timestamp": str(ask["time"]), "X-Slack-Signature": code})


def slack_verify(line):
    return slack_sdk.signature.SignatureVerifier(line.secret).is_valid_request(line.body, line.headers)


def paddle_sign(ask):
    code = PaddleSignature.calculate_hmac(ask["secret"], f"{ask['time']}:{ask['body']}".encode()).hexdigest()
    return signed(ask, {"Paddle-Signature": f"ts={ask['time']};h1={code}"})


def paddle_verify(line):
    request = types.SimpleNamespace(headers={"Paddle-Signature": line["Paddle-Signature"]}, body=line.body)
    return paddle.Verifier(300).verify(request, paddle.Secret(line.secret))


def square_verify(line):
    return square(
        request_body=line.body.decode(), signature_header=line["x-square-hmacsha256-signature"], signature_key=line.secret,
        notification_url=line.config.get("notification_url", line.url))


def github_verify(line):
    gidgethub.sansio.validate_event(line.body, signature=line["X-Hub-Signature-256"], secret=line.secret)
    return True


def meta_verify(line):
    return pywa.utils.webhook_updates_validator(line.secret, line.body, line["X-Hub-Signature-256"])


# Twilio and HubSpot


class Form(dict):
    """A form as web frameworks hand it on."""

    def __init__(self, text):
        self.pairs = parse_qsl(text, keep_blank_values=True)
        super().__init__(self.pairs)

    def getlist(self, name):
        return [value for known, value in self.pairs if known == name]


def twilio_sign(ask):
    code = twilio.request_validator.RequestValidator(ask["secret"]).compute_signature(URL, Form(ask["body"]))
    return signed(ask, {"X-Twilio-Signature": code}, content="application/x-www-form-urlencoded")


def twilio_verify(line):
    return twilio.request_validator.RequestValidator(line.secret).validate(line.url, Form(line.body.decode()), line["X-Twilio-Signature"])


def hubspot_sign(version):
    def sign(ask):
        time = str(ask["time"] * 1000)
        code = HubSpot.get_signature(ask["secret"], ask["body"], version, URL, "POST", time)
        if version == "v3":
            return signed(ask, {"X-HubSpot-Request-Timestamp": time, "X-HubSpot-Signature-v3": code})
        return signed(ask, {"X-HubSpot-Signature-Version": version, "X-HubSpot-Signature": code})

    return sign


def hubspot_verify(version):
    def verify(line):
        header = "X-HubSpot-Signature-v3" if version == "v3" else "X-HubSpot-Signature"
        return HubSpot.is_valid(
            line[header], line.secret, line.body.decode(), line.url, line.method, version, line["X-HubSpot-Request-Timestamp"])

    return verify


# Standard Webhooks, Svix, OpenAI


def standard_sign(ask):
    time = datetime.datetime.fromtimestamp(ask["time"], datetime.timezone.utc)
    code = standardwebhooks.Webhook(ask["secret"]).sign("msg_1", time, ask["body"])
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(ask["time"]), "webhook-signature": code}
    return signed(ask, headers, kind="whsec-base64")


def standard_verify(line):
    standardwebhooks.Webhook(line.secret).verify(line.body, line.headers)
    return True


def svix_sign(ask):
    time = datetime.datetime.fromtimestamp(ask["time"], datetime.timezone.utc)
    code = svix.Webhook(ask["secret"]).sign("msg_1", time, ask["body"])
    return signed(ask, {"svix-id": "msg_1", "svix-timestamp": str(ask["time"]), "svix-signature": code}, kind="whsec-base64")


def svix_verify(line):
    svix.Webhook(line.secret).verify(line.body, line.headers)
    return True


def openai_verify(line):
    openai.OpenAI(api_key="none").webhooks.verify_signature(line.body.decode(), line.headers, secret=line.secret)
    return True


# Keys and tokens

discord_key = nacl.signing.SigningKey(os.urandom(32))
sendgrid_key = ec.generate_private_key(ec.SECP256R1())


def discord_sign(ask):
    code = discord_key.sign(str(ask["time"]).encode() + ask["body"].encode()).signature.hex()
    headers = {"X-Signature-Timestamp": str(ask["time"]), "X-Signature-Ed25519": code}
    return signed(ask, headers, discord_key.verify_key.encode().hex(), "ed25519-hex")


def discord_verify(line):
    sys.stdout, held = sys.stderr, sys.stdout
    try:
        return discord_interactions.verify_key(line.body, line["X-Signature-Ed25519"], line["X-Signature-Timestamp"], line.secret)
    finally:
        sys.stdout = held


def sendgrid_sign(ask):
    code = sendgrid_key.sign(f"{ask['time']}{ask['body']}".encode(), ec.ECDSA(hashes.SHA256()))
    public = sendgrid_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = "X-Twilio-Email-Event-Webhook-"
    headers = {name + "Timestamp": str(ask["time"]), name + "Signature": base64.b64encode(code).decode()}
    return signed(ask, headers, base64.b64encode(public).decode(), "p256-spki-base64")


def sendgrid_verify(line):
    name = "X-Twilio-Email-Event-Webhook-"
    return sendgrid.helpers.eventwebhook.EventWebhook(line.secret).verify_signature(
        line.body.decode(), line[name + "Signature"], line[name + "Timestamp"])


def monday_sign(ask):
    claims = {"accountId": 1825529, "userId": 1, "aud": URL, "iat": ask["time"], "exp": ask["time"] + 300}
    return signed(ask, {"Authorization": jwt.encode(claims, ask["secret"], "HS256")}, config={"audience": URL})


def monday_verify(line):
    jwt.decode(line["Authorization"], line.secret, ["HS256"], audience=line.config["audience"], options={"require": ["exp", "aud"]})
    return True


def connect_sign(ask):
    token = atlassian_jwt.encode_token("POST", "/hooks/door?b=2&a=x%20y", "client-1", ask["secret"], payload_kwargs={"exp": ask["time"] + 300})
    return signed(ask, {"Authorization": "JWT " + token}, url=URL + "?b=2&a=x%20y")


def connect_verify(line):
    class Tenants(atlassian_jwt.Authenticator):
        def get_shared_secret(self, client_key):
            return line.secret

    parts = urlsplit(line.url)
    Tenants().authenticate(line.method, parts.path + ("?" + parts.query if parts.query else ""), line.headers)
    return True


SIGNS = {
    "stripe": stripe_sign, "slack": slack_sign, "paddle": paddle_sign, "twilio": twilio_sign, "hubspot-v1": hubspot_sign("v1"),
    "hubspot-v2": hubspot_sign("v2"), "hubspot-v3": hubspot_sign("v3"), "standard-webhooks": standard_sign, "svix": svix_sign,
    "discord": discord_sign, "sendgrid": sendgrid_sign, "monday": monday_sign, "atlassian-connect-jwt": connect_sign,
}
VERIFIES = {
    "stripe": stripe_verify, "slack": slack_verify, "paddle": paddle_verify, "square": square_verify, "github": github_verify, "meta": meta_verify,
    "twilio": twilio_verify, "hubspot-v1": hubspot_verify("v1"), "hubspot-v2": hubspot_verify("v2"), "hubspot-v3": hubspot_verify("v3"),
    "standard-webhooks": standard_verify, "svix": svix_verify, "openai": openai_verify, "discord": discord_verify, "sendgrid": sendgrid_verify,
    "monday": monday_verify, "atlassian-connect-jwt": connect_verify,
}

for text in sys.stdin:
    ask = json.loads(text)
    if ask["do"] == "providers":
        answer = {"signs": sorted(SIGNS), "verifies": sorted(VERIFIES)}
    elif ask["do"] == "sign":
        answer = SIGNS[ask["provider"]](ask)
    else:
        # Whatever it throws, and some throw anything, it has not accepted the request.
        try:
            answer = {"accepted": VERIFIES[ask["provider"]](Line(ask)) is not False}
        except Exception:
            answer = {"accepted": False}
    print(json.dumps(answer), flush=True)
