"""How much memory a process had in use at most."""

import re
import threading
from pathlib import Path

PAUSE_SECONDS = 0.05


class Peak:
    """Watches a process until it is asked to stop, or the process has ended. Mebibytes, as they were at the peak."""

    def __init__(self, process):
        self.status = Path(f"/proc/{process.child.pid}/status")
        self.resident = self.anonymous = 0.0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(PAUSE_SECONDS):
            try:
                status = self.status.read_text()
                resident, anonymous = (
                    int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024 for name in ("VmRSS", "RssAnon")
                )
            except (OSError, TypeError):
                return
            if resident > self.resident:
                self.resident, self.anonymous = resident, anonymous

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self
