"""The engine as a child process: ``nast-fx worker``, spoken to by JSON lines over QProcess.

Nothing here waits, but `EngineProcess.close` at the app's end. What comes is taken up in pieces as the pipe
gives them, so that a line of many megabytes holds up no window. The child ends with us, however we end: its
stdin closes then.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence

from PyQt6.QtCore import QObject, QProcess, pyqtSignal

from nast_fx.errors import NastFxError, UsageError
from nast_fx.models import Settings
from nast_fx.models.messages import MAX_LINE, PROTOCOL, ErrorMessage, Greeting, Hello, parse_answer
from nast_fx.own_process import own_command

from ..translation import gettext as _

__all__ = ["EngineDiedError", "EngineProcess", "worker_command"]

LEAVE_SECONDS = 1.0  # to end by itself at the app's end: a window that is closed must be gone
KILL_MS = 1000
STDERR_BYTES = 16_384  # of the child's stderr that are kept


class EngineDiedError(NastFxError):
    """The engine's process is gone: it crashed, was killed, or did not answer any more."""


class EngineProcess(QObject):
    """One child, from its start to its end.

    Parameters
    ----------
    command : sequence of str, optional
        Program and arguments; by default ``nast-fx worker`` of this very installation.
    parent : QObject, optional
    """

    greeted = pyqtSignal()
    """The child has said which protocol it speaks, and it is ours."""
    said = pyqtSignal(object)
    """A message of `nast_fx.models.messages.ANSWERS`, but the greeting."""
    died = pyqtSignal(str)
    """The child is gone, and nobody had closed it; one sentence says why."""

    def __init__(self, command: Sequence[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.has_greeted = False
        self._reason = ""  # why we ended it ourselves
        self._is_over = False
        self._left_at: float | None = None  # on the monotonic clock
        self._unread = bytearray()
        self._searched = 0  # bytes of them without a line's end
        self._stderr = bytearray()
        self._process = QProcess(self)
        program, *arguments = worker_command() if command is None else command
        self._process.setProgram(program)
        self._process.setArguments(arguments)
        if sys.platform != "win32":
            # The keyboard's signals are for whoever started the app in a terminal, not for the child.
            self._process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)
        self._process.started.connect(self._on_started)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_stderr)

    @property
    def process_id(self) -> int:
        """Number that the system gave it; 0 if it does not run."""
        return self._process.processId()

    @property
    def stderr_tail(self) -> str:
        """The end of what it wrote on stderr."""
        return self._stderr.decode("utf-8", "replace")

    def start(self) -> None:
        """Start it; `greeted` or `died` follows."""
        self._process.start()

    def send(self, message: Settings) -> None:
        """Say something; it is written as the child takes it."""
        self._process.write(message.model_dump_json(exclude_defaults=False).encode() + b"\n")

    def end(self, reason: str) -> None:
        """Kill it; `died` follows with that reason."""
        self._reason = self._reason or reason
        self._process.kill()

    def leave(self) -> None:
        """Tell it to end, for good; no signal follows."""
        self._is_over = True
        if self._left_at is None:
            self._left_at = time.monotonic()
            self._process.closeWriteChannel()

    def close(self) -> None:
        """End it and wait for that: a second from when it was told to, then it is killed."""
        self.leave()
        if self._process.state() == QProcess.ProcessState.NotRunning or self._left_at is None:
            return
        left = self._left_at + LEAVE_SECONDS - time.monotonic()
        if not self._process.waitForFinished(max(round(1000 * left), 0)):
            self._process.kill()
            self._process.waitForFinished(KILL_MS)

    def _on_started(self) -> None:
        self.send(Hello())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._die(_("the engine cannot be started: {reason}").format(reason=self._process.errorString()))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_stderr()
        self._die(self._reason or _how_it_ended(code, status == QProcess.ExitStatus.CrashExit))

    def _die(self, reason: str) -> None:
        if not self._is_over:
            self._is_over = True
            self.died.emit(reason)

    def _read(self) -> None:
        self._unread += self._process.readAllStandardOutput().data()
        for line in self._lines():
            if self._is_over or self._reason:
                return
            try:
                self._take(parse_answer(line))
            except UsageError:
                self.end(_("the engine answered nonsense and was ended"))
        if len(self._unread) > MAX_LINE:
            self.end(_("the engine answered nonsense and was ended"))

    def _lines(self) -> Iterator[bytes]:
        while (end := self._unread.find(b"\n", self._searched)) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            self._searched = 0
            yield line
        self._searched = len(self._unread)

    def _take(self, message: Settings | None) -> None:
        if self.has_greeted:
            if message is not None:
                self.said.emit(message)
        elif isinstance(message, Greeting) and message.protocol == PROTOCOL:
            self.has_greeted = True
            self.greeted.emit()
        elif isinstance(message, Greeting | ErrorMessage):
            self.end(_("the engine is another version's; install nast-fx once more"))
        else:
            self.end(_("the engine answered nonsense and was ended"))

    def _read_stderr(self) -> None:
        self._stderr += self._process.readAllStandardError().data()
        del self._stderr[:-STDERR_BYTES]


def worker_command(*, is_background: bool = False) -> list[str]:
    """Give program and arguments of this very installation's worker.

    Parameters
    ----------
    is_background : bool
        Whether it leaves the processor to what is heard and shown.
    """
    options = ["--background"] if is_background else []
    return own_command("nast_fx", "worker", *options)


def _how_it_ended(code: int, is_crash: bool) -> str:
    """Say how a process ended that nobody had asked to."""
    if not is_crash:
        return _("the engine ended by itself (exit code {code})").format(code=code)
    name = ""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError):
            name = signal.Signals(code).name
    if name == "SIGKILL":
        return _("the engine was killed (SIGKILL); the system may have run out of memory")
    return _("the engine crashed ({what})").format(what=name or f"0x{code & 0xFFFFFFFF:08X}")
