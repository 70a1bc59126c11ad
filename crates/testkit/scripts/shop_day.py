"""A customer's day at the shop of a running `turnpike demo`, through `requests`; every figure that is seen is checked.

    cargo run --release -- demo --allow-cidr 127.0.0.0/8
    cargo run --release -p turnpike-testkit --bin origin -- --listen 127.0.0.9:8080
    pip install 'requests[socks]'
    python3 crates/testkit/scripts/shop_day.py --demo turnpike-data/demo.json --origin http://127.0.0.9:8080

Recharges with a bonus, buys traffic with a coupon, sends it through the gateway, buys five static IPs in two countries,
renews, changes and refunds. What the operator does goes through the operator's API. Ends with status 1 when anything is
not as promised.
"""

import argparse
import json
import pathlib
import secrets
import sys
import time
from decimal import ROUND_HALF_UP, Decimal

import requests

from customer_api import TIMEOUT_S, Api, Refused

IN_FORCE_WITHIN_S = 1.0
BILLED_WITHIN_S = 2.0
RECHARGE = Decimal("200")
TRANSFER_BYTES = 5_000_000

failures = 0


def check(kept, what):
    """Prints one line; counts what was not kept."""
    global failures
    failures += not kept
    print("ok       " if kept else "VIOLATION", what)


def same(seen, expected, what):
    check(seen == expected, f"{what}: {seen}" + ("" if seen == expected else f", not {expected}"))


def cents(amount):
    """An amount with two decimals, halves up."""
    return Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)


class Customer(Api):
    """The customer's API, and what is asked of it again and again."""

    def balance(self):
        return cents(self.get("user/info")["balance"])

    def product(self, product_type, ip_type=None):
        found = [one for one in self.get("product", type=product_type) if ip_type in (None, one.get("ip_type"))]
        return found[0]

    def in_stock(self):
        return {one["code"]: one["number"] for one in self.get("static-ip-region", isp="1")["list"]}

    def static_ips(self, **parameters):
        return self.get("ip/get-static-ip", size=1000, **parameters)["list"]


class Operator:
    """The operator's API."""

    def __init__(self, demo):
        self.base, self.head = demo["operator"], {"authorization": f"Bearer {demo['operator_token']}"}

    def post(self, path, reason="the scripted day", **fields):
        answer = requests.post(self.base + path, params={"reason": reason}, json=fields, headers=self.head,
                               timeout=TIMEOUT_S)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return json.loads(answer.text, parse_float=Decimal)


def methods(customer):
    """The numbers of paying by balance, and by transfer."""
    items = customer.get("payment/list")["list"]
    return items[0]["id"], items[1]["id"]


def recharge(customer, operator, transfer):
    before, tiers = customer.balance(), customer.get("activity/balance-recharge-gift-ratio")["list"]
    ratio = max((tier for tier in tiers if tier["amount"] <= RECHARGE), key=lambda tier: tier["amount"])["ratio"]
    check(ratio > 1, f"a recharge of {RECHARGE} has a bonus: {ratio}")
    order = customer.post("order/create", pid=customer.product(3)["id"], pm_id=transfer, recharge_amount=float(RECHARGE))
    same((order["status"], cents(order["pay_fee"])), (0, RECHARGE), "the recharge awaits its payment")
    begun = customer.post("pay", trade_no=order["trade_no"], pm_id=transfer)
    check(bool(begun["instructions"]), f"what to do: {begun['instructions']}")
    path, reference = f"/orders/{order['trade_no']}/payments", secrets.token_hex(8)
    for again in (False, True):
        told = operator.post(path, amount=str(RECHARGE), reference=reference)
        same((told["state"], told["repeated"]), ("applied", again), "the transfer is confirmed")
    same(customer.balance(), before + cents(RECHARGE * ratio), "the balance with the bonus")
    same(customer.get("order/info", trade_no=order["trade_no"])["status"], 1, "the recharge is paid")


def buy_traffic(customer, operator, by_balance):
    code = f"DAY-{secrets.token_hex(4)}"
    operator.post("/coupons", code=code, name="The day's", off="25%", expires_at="2099-01-01T00:00:00Z", most_uses=1)
    product, before = customer.product(9), customer.balance()
    wish = {"pid": product["id"], "pm_id": by_balance, "amount": 3, "coupon_sn": code}
    price = customer.post("order/check", **wish)
    same(cents(price["pay_fee"]), cents(price["total_fee"]) - cents(cents(price["total_fee"]) / 4), "a quarter is off")
    order = customer.post("order/create", **wish)
    same((order["status"], cents(order["pay_fee"])), (1, cents(price["pay_fee"])), "what was shown is charged")
    same(customer.balance(), before - cents(order["pay_fee"]), "the balance after it")
    package = customer.get("user-product/list", trade_no=order["trade_no"])["list"]
    same([one["trade_no"] for one in package], [order["trade_no"]], "the package of that order")
    try:
        customer.post("order/create", **wish)
        check(False, "the coupon was used twice")
    except Refused as refused:
        same(refused.code, 409, "the coupon is used up")


def send(customer, demo, origin):
    account = f"day{secrets.token_hex(4)}"
    customer.post("whitelist-account/add", accounts=f"{account}:secret123")
    through = requests.Session()
    through.trust_env = False
    proxy = f"http://{account}:secret123@{demo['gateway']}"
    through.proxies = {"http": proxy, "https": proxy}
    begin = time.monotonic()
    while through.get(f"{origin}/bytes/0", timeout=TIMEOUT_S).status_code != 200:
        if time.monotonic() - begin > IN_FORCE_WITHIN_S:
            raise RuntimeError("the gateway does not know the new account after a second")
    same(len(through.get(f"{origin}/bytes/{TRANSFER_BYTES}", timeout=TIMEOUT_S).content), TRANSFER_BYTES, "bytes came")
    begin, used = time.monotonic(), 0
    while used * 1024 < TRANSFER_BYTES and time.monotonic() - begin < BILLED_WITHIN_S:
        used = customer.used_kb(account)
    check(TRANSFER_BYTES <= used * 1024 <= TRANSFER_BYTES + 64 * 1024, f"{used} KB are billed for them")


def buy_addresses(customer, by_balance):
    stock, before = customer.in_stock(), customer.balance()
    first, second = sorted(stock, key=stock.get, reverse=True)[:2]
    product = customer.product(25)
    wish = {"pid": product["id"], "pm_id": by_balance, "region_list": f"{first},3|{second},2"}
    price = customer.post("order/check", **wish)
    order = customer.post("order/create", **wish)
    same(cents(order["pay_fee"]), cents(price["pay_fee"]), "what was shown for five addresses is charged")
    same(customer.balance(), before - cents(order["pay_fee"]), "the balance after it")
    ips = customer.static_ips(trade_no=order["trade_no"])
    same(sorted(one["country_code"] for one in ips), sorted([first] * 3 + [second] * 2), "addresses where wanted")
    same(len({one["ip"] for one in ips}), 5, "different addresses")
    check(all(one["status"] == 1 and one["username"] and one["password"] for one in ips), "each with its login")
    left = customer.in_stock()
    same((left.get(first, 0), left.get(second, 0)), (stock[first] - 3, stock[second] - 2), "so many are left")
    return order, ips


def renew(customer, by_balance, ips):
    wanted, before = ips[:2], customer.balance()
    order = customer.post("order/create", pid=customer.product(19, 25)["id"], pm_id=by_balance,
                          upids=",".join(str(one["id"]) for one in wanted), renew_duration="2m")
    same((order["status"], customer.balance()), (1, before - cents(order["pay_fee"])), "two are renewed")
    now = {one["id"]: one["expired_at"] for one in customer.static_ips()}
    for one in wanted:
        check(now[one["id"]] > one["expired_at"], f"{one['ip']}: until {one['expired_at']}, now {now[one['id']]}")
    for one in ips[2:]:
        same(now[one["id"]], one["expired_at"], f"{one['ip']} is as it was")


def change(customer, by_balance, ips):
    order = customer.post("order/create", pid=customer.product(20)["id"], pm_id=by_balance)
    same(order["status"], 1, "a change is bought")
    one = ips[-1]
    customer.post("ip/change-static-ip", id=one["id"])
    changed = next(other for other in customer.static_ips() if other["id"] == one["id"])
    check(changed["ip"] != one["ip"], f"{one['ip']} became {changed['ip']}")
    same(changed["country_code"], one["country_code"], "in the same country")
    try:
        customer.post("ip/change-static-ip", id=one["id"])
        check(False, "one change was bought, and two were made")
    except Refused as refused:
        same(refused.code, 402, "no change is left")


def refund(customer, operator, order):
    before = customer.balance()
    refunded = operator.post(f"/orders/{order['trade_no']}/refund")
    amount = cents(refunded["refunded"])
    check(0 < amount <= cents(order["pay_fee"]), f"{amount} of {cents(order['pay_fee'])} is paid back")
    same(customer.balance(), before + amount, "the balance after it")
    same(customer.get("order/info", trade_no=order["trade_no"])["status"], 3, "the order is refunded")
    same(customer.static_ips(trade_no=order["trade_no"]), [], "its addresses are gone")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--demo", type=pathlib.Path, required=True, help="demo.json of the running demo")
    arguments.add_argument("--origin", required=True, help="URL of the counting origin")
    given = arguments.parse_args()
    demo = json.loads(given.demo.read_text())
    customer, operator = Customer(demo), Operator(demo)
    by_balance, transfer = methods(customer)
    recharge(customer, operator, transfer)
    buy_traffic(customer, operator, by_balance)
    send(customer, demo, given.origin)
    order, ips = buy_addresses(customer, by_balance)
    renew(customer, by_balance, ips)
    change(customer, by_balance, ips)
    refund(customer, operator, order)
    print(f"{failures} violations")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
