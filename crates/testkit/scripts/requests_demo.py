"""Sends what a customer's script sends: the API and the gateway of a running `turnpike demo`, through `requests`.

    cargo run --release -- demo --allow-cidr 127.0.0.0/8
    cargo run --release -p turnpike-testkit --bin origin -- --listen 127.0.0.9:8080
    pip install 'requests[socks]'
    python3 crates/testkit/scripts/requests_demo.py --demo turnpike-data/demo.json --origin http://127.0.0.9:8080

Plain HTTP, CONNECT (to an HTTPS server of its own) and SOCKS5; then what was billed, and that a disabled account, a
wrong password and a denied port are refused. Ends with status 1 when anything is not as promised.
"""

import argparse
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import requests

from customer_api import TIMEOUT_S, Api

BILLED_WITHIN_S = 2.0
IN_FORCE_WITHIN_S = 1.0
HTTPS_ADDRESS = ("127.0.0.10", 8443)
# What heads and TLS records may add to the bodies, by request.
OVERHEAD_BYTES = 8 * 1024

failures = 0


def check(kept, what):
    """Prints one line; counts what was not kept."""
    global failures
    failures += not kept
    print("ok       " if kept else "VIOLATION", what)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers GET /N with N bytes and POST with the body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"x" * int(self.path.strip("/")))

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["content-length"])))

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def https_server(folder):
    """An HTTPS server with a certificate of its own; returns its URL and the certificate to trust."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=origin",
         "-addext", f"subjectAltName=IP:{HTTPS_ADDRESS[0]}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(HTTPS_ADDRESS, Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://{HTTPS_ADDRESS[0]}:{HTTPS_ADDRESS[1]}", str(certificate)


def session(scheme, demo, account, password):
    """A session whose traffic goes through the gateway only."""
    through = requests.Session()
    through.trust_env = False
    proxy = f"{scheme}://{account}:{password}@{demo['gateway']}"
    through.proxies = {"http": proxy, "https": proxy}
    return through


def known(through, origin):
    """Waits until the gateway knows a new account; a second is promised."""
    begin = time.monotonic()
    while time.monotonic() - begin < IN_FORCE_WITHIN_S:
        try:
            if status_of(through, f"{origin}/bytes/0") == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.01)
    check(False, "a new account works within a second")


def transfers(through, name, origin, https, certificate):
    """Downloads and uploads over both; returns how many body bytes were carried in how many requests."""
    size = 1_000_000
    body = secrets.token_bytes(size)
    got = through.get(f"{origin}/bytes/{size}", timeout=TIMEOUT_S)
    check(got.status_code == 200 and len(got.content) == size, f"{name}: GET over HTTP, {len(got.content)} bytes")
    got = through.get(f"{origin}/chunked/{size}", timeout=TIMEOUT_S)
    check(len(got.content) == size, f"{name}: GET of a chunked answer, {len(got.content)} bytes")
    got = through.post(f"{origin}/echo", data=body, timeout=TIMEOUT_S)
    check(got.content == body, f"{name}: POST over HTTP comes back as it was sent")
    got = through.post(f"{origin}/sink", data=iter([body[:500_000], body[500_000:]]), timeout=TIMEOUT_S)
    check(got.text.strip() == str(size), f"{name}: chunked POST, the origin counted {got.text.strip()}")
    got = through.get(f"{https}/{size}", verify=certificate, timeout=TIMEOUT_S)
    check(len(got.content) == size, f"{name}: GET over HTTPS, {len(got.content)} bytes")
    got = through.post(f"{https}/", data=body, verify=certificate, timeout=TIMEOUT_S)
    check(got.content == body, f"{name}: POST over HTTPS comes back as it was sent")
    through.close()
    return 8 * size, 6


def billed(api, account, bodies, exchanges):
    """Waits until the account's usage is right."""
    least, most = bodies // 1024, (bodies + exchanges * OVERHEAD_BYTES) // 1024
    begin = time.monotonic()
    used = api.used_kb(account)
    while not least <= used <= most and time.monotonic() - begin < BILLED_WITHIN_S:
        time.sleep(0.05)
        used = api.used_kb(account)
    took = time.monotonic() - begin
    check(least <= used <= most, f"{account}: {used} KB billed for {least} KB of bodies, seen after {took:.2f} s")


def status_of(through, url):
    """The proxy's answer to a plain request, as its status."""
    return through.get(url, timeout=TIMEOUT_S).status_code


def refusals(api, demo, account, password, origin):
    wrong = session("http", demo, account, "wrong" + password)
    check(status_of(wrong, f"{origin}/bytes/1") == 407, "a wrong password is answered 407")
    right = session("http", demo, account, password)
    denied = right.get(origin.rsplit(":", 1)[0] + ":25/", timeout=TIMEOUT_S)
    check(denied.status_code == 403, f"port 25 is answered {denied.status_code}")
    api.post("whitelist-account/disable", accounts=account)
    begin = time.monotonic()
    while (status := status_of(right, f"{origin}/bytes/1")) != 403 and time.monotonic() - begin < IN_FORCE_WITHIN_S:
        time.sleep(0.01)
    check(status == 403, f"a disabled account is answered {status} after {time.monotonic() - begin:.3f} s")
    api.post("whitelist-account/delete", accounts=account)
    names = [one["username"] for one in api.get("whitelist-account/list")["list"]]
    check(account not in names, "a deleted account leaves the list")


def main():
    parser = argparse.ArgumentParser(description="Traffic through a running demo, with Python's requests.")
    parser.add_argument("--demo", type=pathlib.Path, default="turnpike-data/demo.json")
    parser.add_argument("--origin", default="http://127.0.0.9:8080")
    arguments = parser.parse_args()
    demo = json.loads(arguments.demo.read_text())
    api = Api(demo)
    with tempfile.TemporaryDirectory() as folder:
        https, certificate = https_server(pathlib.Path(folder))
        for scheme in ("http", "socks5", "socks5h"):
            account, password = f"{scheme}{secrets.token_hex(4)}", secrets.token_hex(8)
            api.post("whitelist-account/add", accounts=f"{account}:{password}", remark="requests")
            listed = [one for one in api.get("whitelist-account/list")["list"] if one["username"] == account]
            check(len(listed) == 1 and listed[0]["password"] == password, f"{account} is listed with its password")
            through = session(scheme, demo, account, password)
            known(through, arguments.origin)
            bodies, exchanges = transfers(through, scheme, arguments.origin, https, certificate)
            billed(api, account, bodies, exchanges)
            if scheme == "http":
                refusals(api, demo, account, password, arguments.origin)
    print(f"{failures} violations")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
