"""A cluster under writes and faults; see `.ci/patroni`."""

import os
import shutil
import sys
import time
from pathlib import Path

from database import EXAMPLES, Database
from faults import ALL, Faults
from ledger import Ledger
from machines import make_network
from servers import Balancer, Server, wait_until_ready


def show_logs(directory):
    """Their ends, and all of them where GHOSTWORKS_CHECK_LOGS names a directory to keep them in."""
    if kept := os.environ.get("GHOSTWORKS_CHECK_LOGS"):
        shutil.copytree(directory, kept, ignore=lambda where, names: [name for name in names if not name.endswith(".log")],
                        dirs_exist_ok=True)
    for log in sorted(directory.glob("*.log")):
        end = [line[:300] for line in log.read_text(errors="replace").splitlines()[-12:]]
        print(f"--- the end of {log.name}", *end, sep="\n", file=sys.stderr)


def rounds_of(faults, number, names):
    for name in names:
        away = ALL[name](faults)
        well = faults.is_well()
        counts = sum(faults.ledger.counts.values())
        print(f"round {number}, {name}: written again after {away:.1f} s, all well {well:.1f} s later; {counts} done", flush=True)


def verdict(ledger, servers):
    ledger.finish()
    faults = ledger.faults()
    codes = [server.stop() for server in servers]
    figures = ledger.figures
    print("answered: " + ", ".join(f"{kind} {count}" for kind, count in sorted(ledger.counts.items())))
    print(f"meanwhile {figures.no_answer} without an answer, refused " + str(dict(figures.refused)))
    if ledger.errors or faults or any(codes):
        raise AssertionError(f"{ledger.errors[:5]} {({kind: found[:5] for kind, found in faults.items()})} exit codes {codes}")
    print("0 lost, 0 done twice")


def main(program, binaries, directory, rounds, *names):
    directory = Path(directory) / "machines"
    directory.mkdir(mode=0o711)
    make_network()
    try:
        began = time.monotonic()
        database = Database(directory, binaries)
        print(f"a database with a synchronous standby after {time.monotonic() - began:.1f} s", flush=True)
        servers = [Server(f"server-{number}", 10 + number, directory / f"server-{number}") for number in (1, 2, 3)]
        for server in servers:
            server.launch(program, database.secrets)
        balancer = Balancer("balancer", 10, directory / "balancer")
        balancer.launch(EXAMPLES / "haproxy.cfg", servers)
        wait_until_ready([*servers, balancer])
        ledger = Ledger(servers, balancer)
        ledger.start()
        faults = Faults(database, servers, balancer, ledger)
        faults.is_well()
        print(f"three databases and three servers after {time.monotonic() - began:.1f} s", flush=True)
        for number in range(1, int(rounds) + 1):
            rounds_of(faults, number, names or ALL)
        verdict(ledger, servers)
    except (AssertionError, TimeoutError) as error:
        show_logs(directory)
        sys.exit(f"patroni: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
