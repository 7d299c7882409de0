# SPDX-License-Identifier: Apache-2.0
"""The PyPI package cloudevents as sender and as reader: one request as JSON a line in, one answer a line out.

{"do": "send", "mode": "binary" | "structured", "attributes": {...}, "data": ..., "bytes": base64}  -> {"headers": {...}, "body": base64}
{"do": "read", "body": base64 of an event in JSON}                                                  -> {"attributes": {...}, "bytes": base64}
"""
import base64
import json
import sys

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from dateutil.parser import isoparse


def send(asked):
    attributes = dict(asked["attributes"])
    if "time" in attributes:
        attributes["time"] = isoparse(attributes["time"])
    data = base64.b64decode(asked["bytes"]) if "bytes" in asked else asked.get("data")
    event = CloudEvent(attributes, data)
    message = http.to_binary_event(event) if asked["mode"] == "binary" else http.to_structured_event(event)
    return {"headers": message.headers, "body": base64.b64encode(message.body).decode()}


def read(asked):
    event = JSONFormat().read(CloudEvent, base64.b64decode(asked["body"]))
    attributes = dict(event.get_attributes())
    attributes["time"] = attributes["time"].isoformat().replace("+00:00", "Z")
    data = event.get_data()
    if not isinstance(data, bytes):
        data = data.encode() if isinstance(data, str) else json.dumps(data).encode()
    return {"attributes": attributes, "bytes": base64.b64encode(data).decode()}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(send(asked) if asked["do"] == "send" else read(asked)), flush=True)
