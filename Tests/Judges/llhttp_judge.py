# SPDX-License-Identifier: Apache-2.0
"""What llhttp (through PyPI httptools) makes of bytes: a line of base64 in, a line of JSON out.

[[method, target, body], ...] in base64, the requests that were complete before an error or the end.
"""
import base64
import json
import sys

import httptools


class Judge:
    def __init__(self):
        self.served = []
        self.target = b""
        self.body = b""
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self):
        self.target = b""
        self.body = b""

    def on_url(self, part):
        self.target += part

    def on_body(self, part):
        self.body += part

    def on_message_complete(self):
        self.served.append([text(self.parser.get_method()), text(self.target), text(self.body)])


def text(part):
    return base64.b64encode(part).decode()


for line in sys.stdin:
    judge = Judge()
    try:
        judge.parser.feed_data(base64.b64decode(line))
    except httptools.HttpParserError:
        pass
    except httptools.HttpParserUpgrade:
        pass
    print(json.dumps(judge.served), flush=False)
sys.stdout.flush()
