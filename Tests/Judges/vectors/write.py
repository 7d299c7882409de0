# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of every scheme into a folder: `python write.py ../../Vectors`.

Independent of the product: hashes by Python, keys by PyPI's cryptography, tokens by PyJWT; what providers publish as examples is
asserted. Each line is a request in the format of `flotilla hooks verify`, with what must be said of it under "expect". The lines are
kept, so that tests need no Python; run it again only to change them.
"""
import sys

import asymmetric
import generic
import plain_schemes
import standard
import tokens
import url_schemes

folder = sys.argv[1]
valid = hostile = 0
for module in [plain_schemes, url_schemes, standard, asymmetric, tokens, generic]:
    for make in module.SCHEMES:
        good, bad = make().write(folder)
        valid, hostile = valid + good, hostile + bad
print(f"{valid} valid, {hostile} hostile")
