"""Uses a ghostworks as people and programs do, well and badly, until its standard input ends.

Usage: everyday.py URL
"""

import json
import secrets
import sys
import threading
import urllib.error
import urllib.request
import uuid

URL = sys.argv[1]
PASSWORD = "Uncommon-Passphrase-1"
CALLER = "00f067aa0ba902b7"
# More at once than may wait for their password to be hashed, and than may come from one address.
RUSH = 8


def somewhere():
    """An address that nobody has asked from yet."""
    return f"2001:db8:{secrets.randbelow(0x10000):x}:{secrets.randbelow(0x10000):x}::1"


def ask(address, method, path, body=None, token=None):
    """The status and the body of the answer."""
    # As if a program called whose own span is CALLER.
    traceparent = f"00-{uuid.uuid4().hex}-{CALLER}-01"
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address, "traceparent": traceparent}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def call(address, method, path, body=None, token=None, expect=None):
    """What was answered. The status must be `expect`, or, without it, good."""
    status, text = ask(address, method, path, body, token)
    if status != expect and (expect or status >= 400):
        sys.exit(f"{method} {path}: {status} {text.decode()}")
    return json.loads(text) if text else None


def visit(address):
    email = f"{uuid.uuid4()}@example.com"
    credentials = {"email": email, "password": PASSWORD}
    call(address, "POST", "/api/v1/auth/register", credentials)
    login = call(address, "POST", "/api/v1/auth/login", credentials)
    token = call(address, "POST", "/api/v1/auth/refresh", {"refresh_token": login["refresh_token"]})["access_token"]
    call(address, "POST", "/api/v1/auth/login", {**credentials, "password": "Wrong-Passphrase-2"}, expect=401)
    call(address, "POST", "/api/v1/auth/refresh", {"refresh_token": "not-one-of-ours"}, expect=401)
    workspace = call(address, "POST", "/api/v1/workspaces", {"name": "Everyday"}, token)["id"]
    artifacts = f"/api/v1/workspaces/{workspace}/artifacts"
    things = [{"name": f"thing {number}", "tags": ["red"]} for number in range(3)]
    made = [call(address, "POST", artifacts, thing, token)["id"] for thing in things]
    call(address, "GET", f"{artifacts}?q=thing&tags=red&limit=2", token=token)
    call(address, "GET", f"{artifacts}?limit=2", token=token)
    call(address, "PATCH", f"{artifacts}/{made[0]}", {"name": "another"}, token)
    call(address, "GET", f"{artifacts}/{made[0]}/history", token=token)
    call(address, "DELETE", f"{artifacts}/{made[1]}", token=token)
    call(address, "GET", f"{artifacts}/{made[1]}", token=token, expect=404)
    call(address, "POST", artifacts, {"name": ""}, token, expect=422)
    scopes = {"name": "robot", "scopes": ["artifacts:read"]}
    key = call(address, "POST", f"/api/v1/workspaces/{workspace}/api-keys", scopes, token)["key"]
    call(address, "GET", f"{artifacts}/{made[0]}", token=key)
    call(address, "GET", f"{artifacts}/{made[0]}", token=key[:-4] + "AAAA", expect=401)
    call(address, "GET", "/health/detailed")
    rush(address, credentials)


def rush(address, credentials):
    """Many sign in at once, from one address and from as many. Some are refused."""
    addresses = [address] * RUSH + [somewhere() for _ in range(RUSH)]
    login = ("POST", "/api/v1/auth/login", credentials)
    threads = [threading.Thread(target=ask, args=(address, *login)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


told_to_stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), told_to_stop.set()), daemon=True).start()
visit(somewhere())
while not told_to_stop.is_set():
    visit(somewhere())
