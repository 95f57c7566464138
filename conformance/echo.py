"""A backend that answers with what it received, so that a test can see what the gateway sent."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`/status/503` answers with that status, any other path with 200; `/events` as if these were events."""
        target = urlsplit(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(
            {
                "method": self.command,
                "path": target.path,
                "query": parse_qs(target.query, keep_blank_values=True),
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "port": self.server.server_port,
                "client": self.client(),
            }
        ).encode()
        _, folder, *name = target.path.split("/")
        self.send_response(int(name[0]) if folder == "status" else 200)
        self.send_header("Content-Type", "text/event-stream" if folder == "events" else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def client(self) -> str | None:
        """Common name of the certificate that the gateway has shown."""
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        return dict(pair[0] for pair in shown["subject"])["commonName"] if shown else None

    def log_message(self, *_: object) -> None:
        """The test's output is the gateway's business."""


class Echo:
    """By TLS where there is a context for it."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context

    def __enter__(self) -> "Echo":
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.context is not None:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
