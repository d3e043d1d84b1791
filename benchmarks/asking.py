"""Is nobody called down of many healthy schedulers that are asked over TLS?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.stage import HOUSE

SCHEDULERS = 300

_SERVER = """
import http.server, json, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"jobs": [{"id": "load"}], "runs": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    def finish_request(self, request, address):
        # The handshake belongs to the thread of the one who is served.
        super().finish_request(context.wrap_socket(request, server_side=True), address)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

_LOOK = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from rollcall.ask import gather
from rollcall.evidence import NotSeen
from rollcall.roll.load import load
now = datetime.now(UTC)
roll = load(Path(sys.argv[1]), environment={}, now=now)
seen = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: datetime.now(UTC)).schedulers.values()
print(json.dumps([each.detail for each in seen if isinstance(each, NotSeen)]))
"""


def many_over_tls(folder: Path) -> list[tuple[str, float, str]]:
    """How many of them are called down that answer at once, each with a timeout of 5 s."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = subprocess.Popen([sys.executable, "-c", _SERVER, certificate, key], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        file = folder / "jobs.toml"
        file.write_text(_toml(int(server.stdout.readline())))
        told = subprocess.run(
            [sys.executable, "-c", _LOOK, str(file)], cwd=HOUSE, check=True, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SSL_CERT_FILE": str(certificate)},
        ).stdout  # fmt: skip
    finally:
        server.kill()
        server.communicate()
    return [(f"healthy https schedulers called down, of {SCHEDULERS}", len(json.loads(told)), "0")]


def _toml(port: int) -> str:
    numbers = ", ".join(f'"{number}"' for number in range(SCHEDULERS))
    return f"""
timezone = "UTC"
[schedulers.bench]
kind = "json"
each = [{numbers}]
url = "https://localhost:{port}/{{each}}"
timeout = "5 s"
[schedulers.bench.jobs]
ask = "/jobs"
each = "jobs"
id = "id"
[schedulers.bench.runs]
ask = "/runs"
each = "runs"
job = "job"
started = "started"
[jobs.load]
scheduler = "bench-0"
schedule = "0 6 * * *"
proof = "start"
"""
