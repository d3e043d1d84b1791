"""What does the service answer over HTTP?"""

import asyncio
import socket
import threading
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rollcall.demo.backend import JOBS, Backend

API = "/api/v1/services/scheduler"


class Web:
    """The web server of one backend, on a free loopback port, in its own thread."""

    def __init__(self, backend: Backend) -> None:
        # Without the protocol asyncio does not switch Nagle's delay off: 23 requests/s instead of 1,400.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        config = uvicorn.Config(
            guarded(routes(backend), backend),
            log_config=None,
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._serve, name="web", daemon=True).start()
        while not self._server.started:
            time.sleep(0.002)

    def _serve(self) -> None:
        self._loop.run_until_complete(self._server.serve(sockets=[self._socket]))

    def refresh_date(self) -> None:
        """Bring the header `Date` up to the clock: uvicorn renews it each real second only."""
        asyncio.run_coroutine_threadsafe(self._server.on_tick(0), self._loop).result(timeout=10)


def routes(backend: Backend) -> Starlette:
    """The four addresses of the scheduler service."""

    def status(request: Request) -> JSONResponse:
        return JSONResponse(backend.status())

    def start(request: Request) -> JSONResponse:
        backend.start()
        return JSONResponse({"status": "started"})

    def stop(request: Request) -> JSONResponse:
        backend.stop()
        return JSONResponse({"status": "stopped"})

    def trigger(request: Request) -> JSONResponse:
        job_id = request.path_params["job_id"]
        if job_id not in JOBS:
            return JSONResponse({"detail": f"unknown job {job_id}"}, status_code=404)
        backend.run(job_id)
        return JSONResponse({"status": "success", "job_id": job_id})

    return Starlette(
        routes=[
            Route(f"{API}/status", status),
            Route(f"{API}/start", start, methods=["POST"]),
            Route(f"{API}/stop", stop, methods=["POST"]),
            Route(f"{API}/trigger/{{job_id}}", trigger, methods=["POST"]),
        ]
    )


def guarded(app: ASGIApp, backend: Backend) -> ASGIApp:
    """`app`, closed to callers without the backend's token while it has one."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if backend.token is None or _token(scope) == f"Bearer {backend.token}":
            await app(scope, receive, send)
        else:
            await JSONResponse({"detail": "Not authenticated"}, status_code=401)(scope, receive, send)

    return answer


def _token(scope: Scope) -> str | None:
    return Request(scope).headers.get("authorization")
