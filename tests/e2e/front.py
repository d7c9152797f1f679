"""The one door of a town under test: what nginx does for a running one, in threads of the test's own process.

Built pages under /console/, /field/ and /resident/, server-sent events passed on as they come, the rest to Django.
"""

import http.client
import mimetypes
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

APPS = ("console", "field", "resident")
# The policy of deploy/nginx: what a page may not do there, it may not do here.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self' blob:; font-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".webmanifest": "application/manifest+json"}
_UPSTREAM_S = 60.0


class Server(ThreadedWSGIServer):
    """Ends whole: no thread, and with it no database connection, outlives `server_close`."""

    daemon_threads = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.lines.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends the lines that browsers keep open."""
        for line in list(self.lines):
            hang_up(line)


def hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other side was first
        line.shutdown(socket.SHUT_RDWR)


class QuietHandler(WSGIRequestHandler):
    """Says nothing of requests: a failing test shows what its browser saw."""

    def log_message(self, *said: Any) -> None:
        pass


class Live:
    """`maps.live` under uvicorn, in a thread with an event loop of its own."""

    def __init__(self) -> None:
        from maps import live

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        config = uvicorn.Config(live.application, log_level="warning", timeout_graceful_shutdown=1, lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()


class Front:
    """Serves from `start()` to `stop()`. `url` has no slash at its end."""

    def __init__(self, dist: Path) -> None:
        self.dist = dist
        self.server = Server(("127.0.0.1", 0), QuietHandler)
        self.streams: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def start(self) -> None:
        """Begins to serve; the settings are read now."""
        self.live = Live()
        self.django = WSGIHandler()
        self.server.set_app(self.answer)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join(10)
        for stream in list(self.streams):
            hang_up(stream)
        self.server.hang_up()
        self.server.server_close()
        self.live.stop()

    def answer(self, environ: dict[str, Any], start: "StartResponse") -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        app = path.split("/")[1]
        if path == "/":
            start("302 Found", [("Location", "/resident/"), ("Content-Length", "0")])
            return [b""]
        if app in APPS:
            return self._page(app, path, start)
        if app == "live":
            return self._stream(environ, start)
        return self.django(environ, start)

    def _page(self, app: str, path: str, start: "StartResponse") -> list[bytes]:
        root = (self.dist / app).resolve()
        file = (self.dist / path.lstrip("/")).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            if path.startswith(f"/{app}/assets/"):
                start("404 Not Found", [("Content-Length", "0")])
                return [b""]
            file = root / "index.html"
        body = file.read_bytes()
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        # As behind nginx: what carries a digest in its name is kept, the rest is asked again.
        kept = "public, max-age=31536000, immutable" if "/assets/" in path else "no-cache"
        headers = [
            ("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", kept),
            ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"),
        ]  # fmt: skip
        start("200 OK", headers)
        return [body]

    def _stream(self, environ: dict[str, Any], start: "StartResponse") -> Iterator[bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=_UPSTREAM_S)
        path = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ["QUERY_STRING"] else "")
        since = environ.get("HTTP_LAST_EVENT_ID")
        upstream.request(environ["REQUEST_METHOD"], path, headers={"Last-Event-ID": since} if since else {})
        line: socket.socket = upstream.sock
        self.streams.add(line)
        reply = upstream.getresponse()
        start(f"{reply.status} {reply.reason}", [("Content-Type", reply.headers["Content-Type"])])

        def parts() -> Iterator[bytes]:
            try:
                while part := reply.read1(65536):
                    yield part
            except (OSError, http.client.HTTPException):
                pass  # the live process ended in the middle, as it may: the page asks again
            finally:
                self.streams.discard(line)
                reply.close()
                upstream.close()

        return parts()
