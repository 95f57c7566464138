"""A Sluice of its own for a test: started from the build, on free ports, with an empty data directory."""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sluice:
    """`with Sluice() as sluice:` — ready when the block begins, stopped and removed when it ends."""

    def __init__(self, workers: int = 2) -> None:
        self.workers = workers

    def __enter__(self) -> "Sluice":
        self.directory = tempfile.mkdtemp(prefix="sluice-conformance-")
        management, self.http, self.https = free_port(), free_port(), free_port()
        self.gateway = f"http://127.0.0.1:{self.http}"
        environment = {
            **os.environ,
            "SLUICE_DATA_DIR": self.directory,
            "SLUICE_MANAGEMENT_LISTEN": f"127.0.0.1:{management}",
            "SLUICE_HTTP_LISTEN": f"127.0.0.1:{self.http}",
            "SLUICE_HTTPS_LISTEN": f"127.0.0.1:{self.https}",
            "SLUICE_WORKERS": str(self.workers),
            "SLUICE_LOG_FORMAT": "json",
        }
        self.log: list[str] = []
        self.process = subprocess.Popen(
            ["node", str(ROOT / "dist/cli/main.js"), "start"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready: queue.Queue[bool] = queue.Queue()
        threading.Thread(target=self._read, args=(ready,), daemon=True).start()
        try:
            if not ready.get(timeout=30):
                raise RuntimeError("Sluice ended before it was ready:\n" + "".join(self.log))
        except queue.Empty:
            self.__exit__()
            raise RuntimeError("Sluice was not ready in 30 s:\n" + "".join(self.log)) from None
        self.credentials = json.loads((Path(self.directory) / "credentials.json").read_text())
        return self

    def _read(self, ready: "queue.Queue[bool]") -> None:
        for line in self.process.stdout:
            self.log.append(line)
            if '"msg":"ready"' in line:
                ready.put(True)
        ready.put(False)

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
