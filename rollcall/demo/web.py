"""What does the service answer over HTTP?"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rollcall.demo.backend import JOBS, Backend

API = "/api/v1/services/scheduler"


class Web:
    """The web server of one backend, on a free loopback port, in threads of its own."""

    def __init__(self, backend: Backend) -> None:
        class Handler(_Handler):
            serves = backend

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port: int = server.server_address[1]
        threading.Thread(target=server.serve_forever, name="web", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    """The four addresses of the scheduler service, closed to callers without the backend's token while it has one."""

    serves: Backend
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the second packet of an answer waits for the first one's receipt

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer("POST")

    def _answer(self, method: str) -> None:
        does: dict[str, tuple[str, Callable[[], object]]] = {
            f"{API}/status": ("GET", self.serves.status),
            f"{API}/start": ("POST", self._start),
            f"{API}/stop": ("POST", self._stop),
        }
        prefix, _, job_id = self.path.rpartition("/")
        if prefix == f"{API}/trigger" and job_id in JOBS:
            does[self.path] = ("POST", lambda: self._trigger(job_id))
        needed, answer = does.get(self.path, (method, None))
        if self.serves.token and self.headers.get("Authorization") != f"Bearer {self.serves.token}":
            self._send(401, {"detail": "Not authenticated"})
        elif answer is None:
            self._send(404, {"detail": "Not Found"})
        elif needed != method:
            self._send(405, {"detail": "Method Not Allowed"})
        else:
            try:
                said = answer()
            except Exception:  # noqa: BLE001 - what a web framework answers for whatever breaks inside
                self._send(500, {"detail": "Internal Server Error"})
            else:
                self._send(200, said)

    def _start(self) -> dict[str, str]:
        self.serves.start()
        return {"status": "started"}

    def _stop(self) -> dict[str, str]:
        self.serves.stop()
        return {"status": "stopped"}

    def _trigger(self, job_id: str) -> dict[str, str]:
        self.serves.run(job_id)
        return {"status": "success", "job_id": job_id}

    def _send(self, status: int, answer: object) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nobody reads of each request."""
