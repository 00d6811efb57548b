"""A PostgreSQL on three machines, looked after by Patroni and etcd as config/cluster/patroni.yml has it."""

import json
import shutil
import urllib.request
from pathlib import Path

import yaml

from machines import Disk, Machine, run, until

DISK_MEGABYTES = 1500
# Quicker than the example, for more rounds in less time.
QUICKER = {"ttl": 20, "loop_wait": 3, "retry_timeout": 5, "primary_start_timeout": 20}
EXAMPLES = Path("config/cluster").resolve()


class Node(Machine):
    """A machine with etcd, Patroni and its PostgreSQL."""

    def __init__(self, name, number, directory):
        super().__init__(name, number, directory)
        run("chown", "postgres", self.directory)
        self.disk = Disk(self.directory / "disk", DISK_MEGABYTES, "postgres")
        self.patroni = None

    def start_etcd(self, nodes):
        peer, client = f"http://{self.address}:2380", f"http://{self.address}:2379"
        run("mkdir", self.directory / "etcd")
        run("mount", "-t", "tmpfs", "-o", "size=256m,mode=700", "tmpfs", self.directory / "etcd")
        self.start(
            "/usr/bin/etcd", "--name", self.name, "--data-dir", self.directory / "etcd/data",
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--initial-cluster", ",".join(f"{node.name}=http://{node.address}:2380" for node in nodes),
            "--heartbeat-interval", "250", "--election-timeout", "2500", "--enable-v2",
        )

    def configure(self, nodes, binaries, secrets):
        """Writes what Patroni reads: the example, with the paths of this machine and less patience."""
        configuration = yaml.safe_load((EXAMPLES / "patroni.yml").read_text())
        files = self.directory / "etc"
        shutil.copytree(EXAMPLES, files)
        configuration["bootstrap"]["dcs"] |= QUICKER
        configuration["bootstrap"]["post_init"] = str(files / "make-database")
        configuration["postgresql"] |= {
            "data_dir": str(self.disk.directory / "data"), "bin_dir": binaries, "pgpass": str(self.directory / "pgpass"),
        }
        configuration["postgresql"]["parameters"]["unix_socket_directories"] = str(self.directory)
        configuration["bootstrap"]["dcs"]["postgresql"]["parameters"]["wal_keep_size"] = "128MB"
        configuration["bootstrap"]["dcs"]["postgresql"]["parameters"]["max_wal_size"] = "128MB"
        (files / "patroni.yml").write_text(yaml.safe_dump(configuration))
        shutil.copytree(secrets, files / "secrets")
        run("chown", "--recursive", "postgres", files)
        self.environment = {
            "PATRONI_NAME": self.name,
            "PATRONI_ETCD_HOSTS": ",".join(f"{node.address}:2379" for node in nodes),
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{self.address}:5432",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{self.address}:8008",
            "SECRETS": str(files / "secrets"),
        }

    def start_patroni(self):
        files = self.directory / "etc"
        self.patroni = self.start(files / "start-patroni", files / "patroni.yml", user="postgres", **self.environment)

    def ask(self, path):
        """What its Patroni says; nothing when it says nothing."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:8008{path}", timeout=2) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return {}

    def kill_database(self):
        """Patroni first, for it would start the other again."""
        self.kill("patroni")
        self.kill("postgres")


class Database:
    """All three."""

    def __init__(self, directory, binaries):
        self.nodes = [Node(f"database-{number}", 20 + number, directory / f"database-{number}") for number in (1, 2, 3)]
        self.secrets = directory / "secrets"
        run(EXAMPLES / "make-secrets", self.secrets, *(node.address for node in self.nodes))
        for node in self.nodes:
            node.start_etcd(self.nodes)
            node.configure(self.nodes, binaries, self.secrets)
        for node in self.nodes:
            node.start_patroni()
        until("a database with a synchronous standby", self.is_whole)

    def members(self):
        """All of them as one that answers sees them."""
        for node in self.nodes:
            if members := node.ask("/cluster").get("members"):
                return members
        return []

    def primary(self):
        """The node that says itself that it takes writes."""
        found = [node for node in self.nodes if node.ask("/primary").get("role") in ("master", "primary")]
        return found[0] if len(found) == 1 else None

    def is_whole(self):
        """A primary, a synchronous standby and another standby, all of them up to date."""
        members = self.members()
        roles = sorted(member["role"] for member in members if member["state"] in ("running", "streaming"))
        timelines = {member.get("timeline") for member in members}
        lags = [member.get("lag", 0) for member in members]
        return roles == ["leader", "replica", "sync_standby"] and len(timelines) == 1 \
            and all(isinstance(lag, int) and lag < 1 << 24 for lag in lags)
