"""Machines that are network namespaces, side by side on a bridge in the namespace of this process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

NETWORK = "10.203.0"
PATIENCE = 300
BETWEEN_LOOKS = 0.2


def until(what, is_done, patience=PATIENCE):
    """Waits for something, and returns how many seconds that took."""
    began = time.monotonic()
    while not is_done():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not {what} within {patience} s")
        time.sleep(BETWEEN_LOOKS)
    return time.monotonic() - began


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"patroni: {' '.join(map(str, command))} failed: {done.stderr}")
    return done.stdout


def make_network():
    """A bridge, at which this process is the first address. What is below /run is this process's own."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    for directory, owner in (("/run/netns", "root"), ("/run/postgresql", "postgres")):
        os.mkdir(directory)
        run("chown", owner, directory)
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "bridge", "type", "bridge")
    run("ip", "address", "add", f"{NETWORK}.1/24", "dev", "bridge")
    run("ip", "link", "set", "bridge", "up")


class Machine:
    """One of them."""

    def __init__(self, name, number, directory):
        self.name, self.address, self.directory = name, f"{NETWORK}.{number}", Path(directory)
        self.directory.mkdir()
        run("ip", "netns", "add", name)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", name, "master", "bridge", "up")
        run(*self.inside("ip", "link", "set", "lo", "up"))
        run(*self.inside("ip", "address", "add", f"{self.address}/24", "dev", "eth0"))
        run(*self.inside("ip", "link", "set", "eth0", "up"))

    def inside(self, *command):
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *map(str, command)]

    def start(self, program, *arguments, user=None, **environment):
        """Starts a program, whose output goes to a log."""
        command = self.inside(program, *arguments)
        if user is not None:
            command = self.inside("runuser", "-u", user, "--", program, *map(str, arguments))
        log = open(self.log_of(program), "ab")
        return subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, cwd="/",
        )

    def log_of(self, program):
        return self.directory.with_name(f"{self.name}.{Path(program).name}.log")

    def processes(self, *names):
        """The ids of its processes with these names."""
        inode = os.stat(f"/run/netns/{self.name}").st_ino
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "comm").read_text().strip() in names \
                        and os.stat(entry / "ns/net").st_ino == inode and "Z" not in self.state(entry):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    @staticmethod
    def state(entry):
        return (entry / "stat").read_text().rpartition(")")[2].split()[0]

    def signal(self, number, *names):
        """Sends a signal to all of its processes with these names."""
        for process in self.processes(*names):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def kill(self, *names):
        """As a power cut does."""
        def is_over():
            self.signal(signal.SIGKILL, *names)
            return not self.processes(*names)
        until(f"killed: {names}", is_over)

    def cut_off(self):
        """Nothing comes in or goes out any more, and nobody is told."""
        for chain, direction in (("INPUT", "-i"), ("OUTPUT", "-o")):
            run(*self.inside("iptables", "--wait", "-I", chain, direction, "eth0", "-j", "DROP"))

    def connect(self):
        run(*self.inside("iptables", "--wait", "-F"))


class Disk:
    """A small one, in memory."""

    def __init__(self, directory, megabytes, owner):
        self.directory, self.filling = directory, directory / "filling"
        directory.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", directory)
        run("chown", owner, directory)

    def fill(self):
        """Takes all the room that is left."""
        chunk = bytes(1 << 20)
        with open(self.filling, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(chunk)
            except OSError:
                return

    def make_room(self):
        self.filling.unlink(missing_ok=True)
