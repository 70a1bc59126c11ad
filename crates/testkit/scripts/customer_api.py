"""The customer's API, spoken to as deployed clients do: app_key in the query, JSON in the body."""

import json
from decimal import Decimal

import requests

TIMEOUT_S = 10


class Refused(Exception):
    """The API said no."""

    def __init__(self, envelope):
        super().__init__(f"{envelope['code']}: {envelope['msg']}")
        self.code = envelope["code"]


class Api:
    """The API of a running `turnpike demo`, as its customer. Amounts come back exact."""

    def __init__(self, demo):
        self.base, self.key = demo["api"], demo["app_key"]

    def get(self, path, **parameters):
        return self.unwrap(requests.get(self.url(path), params={"app_key": self.key, **parameters}, timeout=TIMEOUT_S))

    def post(self, path, **fields):
        return self.unwrap(requests.post(self.url(path), params={"app_key": self.key}, json=fields, timeout=TIMEOUT_S))

    def url(self, path):
        return f"{self.base}/api-gate-way/{path}"

    @staticmethod
    def unwrap(response):
        response.raise_for_status()
        envelope = json.loads(response.text, parse_float=Decimal)
        if envelope["code"] not in (0, 200):
            raise Refused(envelope)
        return envelope["data"]

    def used_kb(self, account):
        return sum(day["flow"] for day in self.get("user-usage-flow/total", username=account)["list"])
