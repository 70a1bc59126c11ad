"""For `SCHEMATHESIS_HOOKS=hooks st run URL/operator/v1/openapi.json --checks all`, from this folder.

A cursor is opaque: only one that a list gave is one, so none is made up. Give the run a token that is not among the
first: tokens with small numbers are revoked by it.
"""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format("cursor", strategies.nothing())
