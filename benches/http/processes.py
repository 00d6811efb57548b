"""The programs of the load comparison: starting them, asking them, and what they used."""

import json
import os
import re
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROTEL = "rotel==0.0.1a15"
PATIENCE_SECONDS = 30


class Failure(Exception):
    """Why the comparison could not be made."""


class Process:
    """A program of ours; what it writes is in a file, except for `stdout` if that is given."""

    def __init__(self, name, command, environment, directory, stdout=None):
        self.name, self.log = name, directory / f"{name}.log"
        with self.log.open("w") as log:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
                env={"PATH": os.environ["PATH"]} | environment,
                text=True,
            )

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def failed(self, what):
        return Failure(f"{self.name} {what}; its log ends:\n{self.log.read_text()[-2000:]}")

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


class Server(Process):
    """A server that says on its first line of output where it listens."""

    def __init__(self, name, command, environment, directory):
        started = time.perf_counter()
        super().__init__(name, command, environment, directory, stdout=subprocess.PIPE)
        readable, _, _ = select.select([self.child.stdout], [], [], PATIENCE_SECONDS)
        line = self.child.stdout.readline() if readable else ""
        self.start_seconds = time.perf_counter() - started
        found = re.search(r"ready on (https?://\S+)", line)
        if not found:
            self.stop()
            raise self.failed("did not say that it is ready")
        self.url = found[1]

    def call(self, method, path, body=None, token=None):
        """Sends a request; gives the answer's JSON and its size in bytes."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        # Of TLS, too: the one that answers is the one that was started.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS, context=context) as response:
            answer = response.read()
        return json.loads(answer), len(answer)


class Receiver(Process):
    """A real OTLP receiver, which counts the spans it gets and throws them away."""

    def __init__(self, venv, directory):
        grpc, http = free_port(), free_port()
        command = [install_rotel(venv), "start", "--exporter", "blackhole", "--debug-log", "traces"]
        command += ["--log-format", "json", "--pid-file", directory / "rotel.pid"]
        command += ["--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}"]
        super().__init__("receiver", command, {}, directory)
        self.endpoint = f"http://127.0.0.1:{grpc}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not listens(grpc):
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self.failed("does not listen")
            time.sleep(0.05)

    def spans(self):
        return sum(int(count) for count in re.findall(r'"spans":\s*(\d+)', self.log.read_text()))


class Strangers:
    """How much of the processors programs other than ours used since this was made."""

    def __init__(self, ours):
        self.ours = ours
        self.before = self.sample()

    def sample(self):
        """Seconds: all processors busy, and idle, and busy for us."""
        ticks = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        own = sum(process.cpu_seconds() for process in self.ours)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        second = os.sysconf("SC_CLK_TCK")
        return (sum(ticks) - idle) / second, idle / second, own

    def share(self):
        busy, idle, own = (after - before for before, after in zip(self.before, self.sample()))
        return max(0.0, busy - own) / (busy + idle)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def install_rotel(venv):
    """The receiver's program, from PyPI the first time."""
    agent = "lib/*/site-packages/rotel/rotel-agent"
    if not list(venv.glob(agent)):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", ROTEL], check=True)
    return next(venv.glob(agent))
