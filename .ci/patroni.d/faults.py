"""What happens to the machines. Each fault waits for what must happen meanwhile, and for all to be well after it."""

import time

from machines import until
from servers import wait_until_ready

# Longer than a ghostworks waits for its turn, for a commit, and to find out what became of it.
AWAY_SECONDS = 60


class Faults:
    """On a database and servers under the writes of a ledger."""

    def __init__(self, database, servers, balancer, ledger):
        self.database, self.servers, self.balancer, self.ledger, self.number = database, servers, balancer, ledger, 0

    def all(self):
        return [*self.servers, self.balancer]

    def others(self, server):
        return [other for other in self.all() if other is not server]

    def next_server(self):
        self.number += 1
        return self.servers[self.number % len(self.servers)]

    def current_primary(self):
        until("a primary", lambda: self.database.primary() is not None)
        return self.database.primary()

    def writes_again(self, began, servers):
        until("written again", self.ledger.has_written_since(began, *servers))
        return time.monotonic() - began

    def has_moved(self, primary):
        until("another primary", lambda: self.database.primary() not in (None, primary))

    def is_well(self):
        """Three databases, and each server ready and written through."""
        began = time.monotonic()
        until("whole", self.database.is_whole)
        wait_until_ready(self.all())
        until("written through each", self.ledger.has_written_since(time.monotonic(), *self.all()))
        return time.monotonic() - began

    def primary_is_killed(self):
        primary, began = self.current_primary(), time.monotonic()
        primary.kill_database()
        self.has_moved(primary)
        written = self.writes_again(began, self.all())
        primary.start_patroni()
        return written

    def primary_is_cut_off(self):
        primary, began = self.current_primary(), time.monotonic()
        primary.cut_off()
        self.has_moved(primary)
        written = self.writes_again(began, self.all())
        primary.connect()
        return written

    def server_is_cut_off(self):
        server, began = self.next_server(), time.monotonic()
        server.cut_off()
        return self.away(server, began, server.connect)

    def server_is_paused(self):
        server, began = self.next_server(), time.monotonic()
        server.pause()
        return self.away(server, began, server.resume)

    def away(self, server, began, back):
        """The others go on while it is away."""
        written = self.writes_again(began, self.others(server))
        time.sleep(max(0, began + AWAY_SECONDS - time.monotonic()))
        self.writes_again(time.monotonic(), self.others(server))
        back()
        return written

    def disk_is_full(self):
        """Until a write is refused for it, or another takes over; then there is room again."""
        primary, began, refused = self.current_primary(), time.monotonic(), dict(self.ledger.figures.refused)

        def is_noticed():
            primary.disk.fill()
            return dict(self.ledger.figures.refused) != refused
        until("a full disk noticed", is_noticed)
        until("full for a while", lambda: primary.disk.fill() or time.monotonic() > began + 15)
        primary.disk.make_room()
        return self.writes_again(time.monotonic(), self.all())


ALL = {
    "primary-killed": Faults.primary_is_killed, "primary-cut-off": Faults.primary_is_cut_off,
    "server-cut-off": Faults.server_is_cut_off, "server-paused": Faults.server_is_paused, "disk-full": Faults.disk_is_full,
}
