"""Loading a server with wrk, and what there must be before that."""

import json
import subprocess
import time
from pathlib import Path

from processes import Failure

HERE = Path(__file__).resolve().parent
ARTIFACT = HERE / "artifact.json"


def load(server, path, connections, seconds, token=None, sent=None, threads=2):
    """Runs wrk once: requests per second, and latencies in milliseconds. `sent` is a method and a file with a body."""
    threads = min(threads, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "load.lua"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    command.append(server.url + path)
    if sent:
        method, body = sent
        command += ["--", method, body, f"{time.monotonic_ns()}"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise Failure(f"wrk failed: {run.stderr}")
    result = json.loads(run.stdout.splitlines()[-1])
    if result["failed"]:
        raise server.failed(f"failed {result['failed']} of {result['requests']} requests ({path})")
    rate = result["requests"] / (result["microseconds"] / 1e6)
    return {"rate": rate, "p50": result["p50"] / 1000, "p99": result["p99"] / 1000}


def account(server, email="bench@example.com"):
    """Registers and logs in; gives the access token and the path of a workspace's artifacts."""
    login = {"email": email, "password": "Uncommon-Passphrase-1"}
    server.call("POST", "/api/v1/auth/register", login)
    token = server.call("POST", "/api/v1/auth/login", login)[0]["access_token"]
    workspace = server.call("POST", "/api/v1/workspaces/", {"name": "Bench"}, token)[0]["id"]
    return token, f"/api/v1/workspaces/{workspace}/artifacts"
