"""How does a command run as if nobody waited for it, and how did it end?

Whoever starts a wrapped command sees its exit status, or the signal that ended it; what it prints; and the signals that
it is sent arrive.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from errno import ENOEXEC
from math import inf

from rollcall.wrapping.streams import STDERR, Left, Stream, streams, words

# As timeout(1) and the shells have them.
TIMED_OUT = 124
ITSELF_FAILED = 125
NOT_EXECUTABLE = 126
NOT_FOUND = 127
_BY_A_SIGNAL = 128
_HANDED_ON = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_KILL_AFTER = 10.0
# How long the end of a command waits for what it printed last; a child in the background may hold the pipe for days.
_QUIET = 0.05
_DRAINED_WITHIN = 1.0


class Command:
    """A command, before, while and after it runs.

    It is ended `within` so many seconds, with all that it started; what is still there is killed `kill_after` so many
    more.
    `pid` is None before it runs; `status` until it has ended: negative where a signal ended it, as `subprocess` has it.
    """

    def __init__(self, argv: Sequence[str], *, within: float | None, kill_after: float | None) -> None:
        self.argv = tuple(argv)
        self._within, self._kill_after = inf if within is None else within, kill_after or _KILL_AFTER
        self.pid: int | None = None
        self.status: int | None = None
        self.is_timed_out = False
        self.started_at = self.ended_at = 0.0
        self._passing, self._left = streams(but=_closed())
        # In the foreground of a terminal it must stay in the group to which that belongs.
        self._has_own_group = not _is_in_foreground()
        self._early: list[int] = []
        self._woken, self._waking = os.pipe()
        for descriptor in (self._woken, self._waking):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)

    @property
    def words(self) -> str:
        """The last lines that it printed."""
        told: list[Stream | Left] = [*self._passing, *self._left]
        return words(each.tail for each in sorted(told, key=lambda each: each.descriptors))

    @property
    def lost(self) -> OSError | None:
        """What kept some of what it printed from where it belongs, though it ended well."""
        return next((each.lost for each in self._passing if each.lost), None)

    # Its beginning ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts it. Raises OSError."""
        for name in _HANDED_ON:
            number = getattr(signal, name)
            # What is ignored here is ignored by the command too, as `nohup` has it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hand_on)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        self.started_at = time.time()
        try:
            self.pid = self._spawned(self.argv, mask)
        except OSError as problem:
            if problem.errno != ENOEXEC:
                raise
            # A script without its first line: shells, and so cron, read it.
            self.pid = self._spawned(("/bin/sh", _found(self.argv[0]), *self.argv[1:]), mask)
        finally:
            for stream in self._passing:
                os.close(stream.inlet)
        while self._early:
            self._tell(self._early.pop(0))

    def _spawned(self, argv: tuple[str, ...], mask: Iterable[int]) -> int:
        return os.posix_spawnp(
            argv[0],
            argv,
            _environment(),
            file_actions=[(os.POSIX_SPAWN_DUP2, each.inlet, to) for each in self._passing for to in each.descriptors],
            setpgroup=0 if self._has_own_group else os.getpgrp(),
            setsigmask=list(mask),
            # Python ignores these two for itself.
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        )

    def _hand_on(self, number: int, _: object) -> None:
        if self.pid is None:
            self._early.append(number)
        elif self.status is None and (self._has_own_group or number not in _OF_THE_TERMINAL):
            # A terminal has told the command itself.
            self._tell(number)

    def _tell(self, number: int) -> None:
        assert self.pid is not None
        with suppress(ProcessLookupError, PermissionError):
            if self._has_own_group:
                os.killpg(self.pid, number)
            elif self.status is None:
                os.kill(self.pid, number)

    # Its end ----------------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Waits for its end, or ends it once its time is over; passes on what it prints."""
        ends_by, drained_by = time.monotonic() + self._within, inf
        while True:
            now = time.monotonic()
            if now >= ends_by:
                self._tell(signal.SIGKILL if self.is_timed_out else signal.SIGTERM)
                self._tell(signal.SIGCONT)
                ends_by = inf if self.is_timed_out else now + self._kill_after
                self.is_timed_out = True
            if self.status is None and self._has_ended():
                self.ended_at, drained_by = time.time(), now + _DRAINED_WITHIN
            if self.status is None:
                self._pass_on(ends_by - now)
            elif ends_by < inf and self.is_timed_out and self._is_group_there():
                self._pass_on(min(ends_by - now, _QUIET))
            else:
                ends_by = inf
                if not self._open or not self._pass_on(_QUIET) or now > drained_by:
                    return

    def _has_ended(self) -> bool:
        assert self.pid is not None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)
        return bool(pid)

    def _is_group_there(self) -> bool:
        assert self.pid is not None
        try:
            os.killpg(self.pid, 0)
        except OSError:
            return False
        return self._has_own_group

    @property
    def _open(self) -> list[Stream]:
        return [each for each in self._passing if each.is_open or not each.is_idle]

    def _pass_on(self, within: float) -> bool:
        """Passes on a piece of what is there. False where nothing came for so many seconds."""
        poll, waiting = select.poll(), {each.waits_for[0]: each for each in self._open}
        poll.register(self._woken, select.POLLIN)
        for each in waiting.values():
            poll.register(*each.waits_for)
        ready = [descriptor for descriptor, _ in poll.poll(None if within == inf else within * 1000)]
        if self._woken in ready:
            with suppress(BlockingIOError):
                os.read(self._woken, 4096)
        for descriptor in ready:
            if descriptor in waiting:
                waiting[descriptor].pass_on()
        return bool(ready)

    def let_go(self) -> None:
        """What it left in the background may go on printing: a process of its own passes that on."""
        if not self._open:
            return
        with suppress(OSError):
            if os.fork():
                return
            # What it was handed, such as a lock, is not held for it.
            kept = {each for stream in self._open for each in (stream.source, *stream.descriptors)}
            kept |= {self._woken, self._waking}
            for descriptor in {int(each) for each in os.listdir("/dev/fd")} - kept:
                with suppress(OSError):
                    os.close(descriptor)
            for name in _HANDED_ON:
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            while self._open:
                self._pass_on(inf)
            os._exit(0)

    def end_like_it(self) -> int:
        """The exit status to end with; or never returns, where a signal ended it: then the same ends us."""
        if self.is_timed_out:
            return TIMED_OUT
        assert self.status is not None
        if self.status >= 0:
            return self.status
        # Of the command there may be a core, of us there must be none.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):
            signal.signal(-self.status, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-self.status})
        os.kill(os.getpid(), -self.status)
        return _BY_A_SIGNAL - self.status


def _closed() -> list[int]:
    """Which of the first three are closed. They are held: the command finds them closed too, and no pipe of ours."""
    held = []
    while (descriptor := os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)) <= STDERR:
        held.append(descriptor)
    os.close(descriptor)
    return held


def _is_in_foreground() -> bool:
    for descriptor in range(STDERR + 1):
        with suppress(OSError):
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                return True
    return False


def _environment() -> dict[bytes, bytes]:
    """As it was handed to us: in the locale C, which is cron's, Python adds a LC_CTYPE of its own."""
    try:
        with open("/proc/self/environ", "rb") as file:
            whole = file.read()
    except OSError:
        return dict(os.environb)
    entries = ((each, each.find(b"=", 1)) for each in whole.split(b"\0"))
    return {each[:at]: each[at + 1 :] for each, at in entries if at > 0}


def _found(program: str) -> str:
    """Where a program is that may be executed and is of no format."""
    folders = [] if "/" in program else os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = (os.path.join(each, program) for each in folders)
    return next((each for each in paths if os.access(each, os.X_OK) and not os.path.isdir(each)), program)
