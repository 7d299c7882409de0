# SPDX-License-Identifier: Apache-2.0
"""Requests as providers make them, and the lines that come of them: the input format of `flotilla hooks verify`, with what must
be said of it under "expect"."""
import base64
import copy
import json
from dataclasses import dataclass, field

NOW = 1767225600


@dataclass
class Request:
    """One request, with the moment at which its sender believes to be."""

    body: bytes
    headers: list = field(default_factory=list)
    method: str = "POST"
    url: str = "https://hooks.example.com/hooks/door"
    time: int = NOW

    def copy(self):
        return copy.deepcopy(self)

    def get(self, name):
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    def set(self, name, value):
        self.headers = [header for header in self.headers if header[0].lower() != name.lower()] + [[name, value]]
        return self

    def drop(self, name):
        self.headers = [header for header in self.headers if header[0].lower() != name.lower()]
        return self

    def twice(self, name):
        self.headers.append([name, self.get(name)])
        return self


class Vectors:
    """The lines of one scheme."""

    def __init__(self, provider, keys, config=None):
        self.provider, self.keys, self.config = provider, keys, config
        self.lines, self.names = [], set()

    def add(self, name, request, verdict, check=None, events=None, keys=None, config=None, now=NOW):
        assert name not in self.names, f"{self.provider}: {name} is there twice"
        self.names.add(name)
        line = {"id": f"{self.provider}: {name}", "provider": self.provider, "keys": self.keys if keys is None else keys}
        line |= {"now": now, "method": request.method, "url": request.url, "headers": request.headers}
        try:
            line["body"] = request.body.decode("utf-8")
        except UnicodeDecodeError:
            line["body_b64"] = base64.b64encode(request.body).decode()
        config = self.config if config is None else config
        if config:
            line["config"] = config
        line["expect"] = {"verdict": verdict}
        if check:
            line["expect"]["check"] = check
        if events is not None:
            line["expect"]["events"] = events
        self.lines.append(line)

    def accept(self, name, request, events=None, **more):
        self.add(name, request, "accept", events=events, **more)

    def reject(self, name, request, check=None, **more):
        self.add(name, request, "reject", check=check, **more)

    def write(self, folder):
        valid = sum(line["expect"]["verdict"] == "accept" for line in self.lines)
        assert valid >= 3 and len(self.lines) - valid >= 8, f"{self.provider}: {valid} valid, {len(self.lines) - valid} hostile"
        with open(f"{folder}/{self.provider}.jsonl", "w", encoding="utf-8") as file:
            for line in self.lines:
                file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        return valid, len(self.lines) - valid


def key(value, kind="utf8"):
    return {"kind": kind, "value": value}


def event(id=None, type=None, raw=None, tenant=None, stable=None, holds=None):
    """What one event must be. `holds`: texts that its id is made of, for ids that are composed."""
    wanted = {"id": id, "stable": stable, "type": type, "rawtype": raw, "tenant": tenant, "id_holds": holds}
    return {name: value for name, value in wanted.items() if value is not None}


def json_body(value, **more):
    return json.dumps(value, separators=(",", ":"), **more).encode()
