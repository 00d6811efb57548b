"""Has slowhttptest attack a server in each of its ways, and fails unless meanwhile others are served, memory stays within bounds,
and every slow connection is closed in time.

Usage: slowhttptest.py URL PID AUTHORITY DIRECTORY CONNECTIONS HEAD BODY REST

PID is that of the server, AUTHORITY a PEM file for TLS, DIRECTORY where reports may go, CONNECTIONS how many slow ones there are.
HEAD, BODY and REST are the seconds that the server gives to a head, to a body, and to an answer of which too little is taken.
"""

import csv
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

# Somebody else than the slow ones.
OTHER = ("127.0.0.9", 0)
# The most that one request of others may take, on a machine that has more to do, and the most memory.
MOST_SECONDS, MOST_MIB = 5, 400
# What a connection may live longer than the limit: the server waits a while for who sends a body to take the answer, and is busy
# with the others that it closes.
SLACK_SECONDS = 12
# The part of the slow connections that must have been open at once, or it was no attack.
ATTACKING = 0.9
# Descriptors that come and go by themselves.
STEADY = 10
PAUSE_SECONDS = 0.1


class Failure(Exception):
    """What is wrong."""


class Other(threading.Thread):
    """Somebody who creates artifacts and asks whether the server is ready, on a new connection each time."""

    def __init__(self, url, authority):
        super().__init__(daemon=True)
        self.url, self.authority = urlsplit(url), authority
        self.over, self.times, self.failed, self.token = threading.Event(), [], [], None
        # Servers of one run may share a database.
        person = {"email": f"other-{self.url.port}@example.com", "password": "Uncommon-Passphrase-1"}
        self.call("POST", "/api/v1/auth/register", person)
        self.token = json.loads(self.call("POST", "/api/v1/auth/login", person))["access_token"]
        workspace = json.loads(self.call("POST", "/api/v1/workspaces", {"name": "Others"}))["id"]
        self.path = f"/api/v1/workspaces/{workspace}/artifacts"

    def call(self, method, path, body=None):
        if self.url.scheme == "https":
            context = ssl.create_default_context(cafile=self.authority)
            it = http.client.HTTPSConnection("localhost", self.url.port, timeout=30, source_address=OTHER, context=context)
        else:
            it = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30, source_address=OTHER)
        try:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
            it.request(method, path, json.dumps(body) if body else None, headers)
            answer = it.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise Failure(f"{method} {path} is answered {answer.status}: {text[:300]}")
            return text
        finally:
            it.close()

    def run(self):
        while not self.over.wait(PAUSE_SECONDS):
            for method, path, body in (("POST", self.path, {"name": "Another"}), ("GET", "/readyz", None)):
                began = time.monotonic()
                try:
                    self.call(method, path, body)
                except (OSError, http.client.HTTPException, Failure) as error:
                    self.failed.append(error)
                self.times.append(time.monotonic() - began)


class Watch:
    """The descriptors and the memory of the server."""

    def __init__(self, pid):
        self.process, self.mib = Path(f"/proc/{pid}"), 0.0
        self.before = self.descriptors()

    def descriptors(self):
        status = (self.process / "status").read_text()
        self.mib = max(self.mib, int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024)
        return len(os.listdir(self.process / "fd"))

    def until_rest(self, attack, seconds):
        """How many connections there were at most, and for how many seconds any were open after that."""
        most, peak = 0, time.monotonic()
        while True:
            time.sleep(PAUSE_SECONDS)
            now, is_open = time.monotonic(), self.descriptors() - self.before
            if is_open >= most:
                most, peak = is_open, now
            # Before the first, and while more come, it is not over.
            if is_open <= STEADY and (most > STEADY or attack.poll() is not None):
                return most, now - peak
            if now - peak > seconds:
                raise Failure(f"{is_open} of {most} connections are open after {now - peak:.0f} s; the limit is {seconds} s")


def attack(name, options, limit, watch, other, arguments):
    url, directory, connections = arguments
    report = Path(directory) / "slow"
    seconds = limit + SLACK_SECONDS
    # What it reads of the network itself keeps it until its own time is over, so it gets more than is needed.
    command = ["slowhttptest", *options, "-c", str(connections), "-r", "3000", "-l", str(4 * seconds), "-p", str(MOST_SECONDS)]
    command += ["-g", "-o", str(report), "-v", "1"]
    other.times.clear()
    with open(f"{report}.log", "w") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            most, took = watch.until_rest(child, seconds)
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(30)
    if limit and most < connections * ATTACKING:
        raise Failure(f"only {most} of {connections} connections were open at once: the check is for nothing")
    rows = list(csv.DictReader(report.with_suffix(".csv").open()))
    if not rows or any(row["Service Available"] == "0" for row in rows):
        raise Failure(f"slowhttptest found the service unavailable: {rows}")
    if other.failed:
        raise Failure(f"{len(other.failed)} requests of others failed: {other.failed[0]}")
    times = list(other.times)
    if not times:
        raise Failure("nobody else asked for anything: the check is for nothing")
    slowest = max(times)
    if slowest > MOST_SECONDS:
        raise Failure(f"a request of others took {slowest:.1f} s")
    if watch.mib > MOST_MIB:
        raise Failure(f"the server takes {watch.mib:.0f} MiB")
    print(f"{name}: {most} at once, all closed {took:.1f} s after that; of others, {len(times)} requests took {slowest * 1000:.0f} ms at most;"
          f" {watch.mib:.0f} MiB", flush=True)


def main():
    url, pid, authority, directory, connections, head, body, rest = sys.argv[1:]
    other, watch = Other(url, authority), Watch(pid)
    other.start()
    json_body = ["-s", "8192", "-t", "POST", "-f", "application/json", "-i", "1", "-x", "10", "-u", f"{url}/api/v1/auth/login"]
    ways = [
        ("slow heads", ["-H", "-i", "1", "-x", "24", "-u", f"{url}/livez"], int(head)),
        ("slow bodies", ["-B", *json_body], int(body)),
        ("ranges", ["-R", "-a", "10", "-b", "3000", "-t", "GET", "-u", f"{url}/docs"], 0),
        ("slow readers", ["-X", "-n", "1", "-w", "10", "-y", "20", "-z", "32", "-k", "3", "-u", f"{url}/openapi.json"], int(rest)),
    ]
    try:
        for name, options, limit in ways:
            attack(name, options, limit, watch, other, (url, directory, int(connections)))
    except Failure as failure:
        sys.exit(f"slowhttptest.py: {name}: {failure}")
    finally:
        other.over.set()
        other.join()


if __name__ == "__main__":
    main()
