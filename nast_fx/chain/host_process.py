"""The process that holds one plugin: asked one thing at a time, each with its limit of time.

Whatever the plugin does there (crash, hang, leave, answer nonsense), here it is a `PluginError` that names
the plugin, and the process is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from nast_fx.chain.host_messages import GarbageError, Message, receive, send
from nast_fx.errors import NastFxError
from nast_fx.own_process import apart, own_command

if TYPE_CHECKING:
    from nast_fx.audio import Samples

__all__ = ["HostProcess", "PluginError", "SeveralPluginsError"]

_LEAVE_SECONDS = 2.0  # to end by itself, before it is ended
_GRACE_SECONDS = 2.0  # after its limit an orphan, whose parent cannot end it, ends itself


class PluginError(NastFxError):
    """A plugin that cannot be used: it crashes, hangs, writes nonsense, or is not what it should be."""


class SeveralPluginsError(PluginError):
    """A file of several plugins, none of which was named; `names` are theirs."""

    def __init__(self, label: str, names: tuple[str, ...]) -> None:
        super().__init__(f"{label}: the file holds several plugins, name one of them: {', '.join(names)}")
        self.names = names


class HostProcess:
    """A child process for one plugin.

    Parameters
    ----------
    label : str
        What messages call the plugin.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self._lock = threading.Lock()
        self._late = threading.Event()
        try:
            self._process = subprocess.Popen(
                own_command("nast_fx.chain.hosted"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **apart(),
            )
        except OSError as error:
            raise PluginError(f"{label}: no process can be started for the plugin: {error}") from error
        self._end = weakref.finalize(self, _end, self._process)

    @property
    def process_id(self) -> int:
        """Number that the system gave the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it is there."""
        return self._process.poll() is None

    def ask(
        self,
        header: Mapping[str, Any],
        block: Samples | None = None,
        *,
        doing: str,
        seconds: float | None,
    ) -> Message:
        """Send a message and wait for its answer.

        Parameters
        ----------
        header : mapping
            ``do`` says what is asked for.
        block : ndarray (channel, frame), optional
        doing : str
            For messages: ``loading``, ``processing audio``.
        seconds : float or None
            Limit of time; None waits as long as it takes.

        Raises
        ------
        PluginError
            The plugin crashed, left, did not answer in time or answered nonsense, and the process is gone; or
            it said that it cannot, and the process remains.
        """
        with self._lock:
            if not self._end.alive:
                raise PluginError(f"{self.label}: the plugin is closed; open it again")
            if not self.is_running:
                raise self._failure("idle", seconds, is_garbage=False)
            try:
                answer = self._exchange(header, block, seconds)
            except (OSError, GarbageError) as error:
                raise self._failure(doing, seconds, is_garbage=isinstance(error, GarbageError)) from None
            except BaseException:
                self.kill()  # an answer that nobody waited for would be taken for the next one
                raise
            if answer is None:
                raise self._failure(doing, seconds, is_garbage=False)
            if "error" in answer[0]:
                raise PluginError(f"{self.label}: {answer[0]['error']}")
            return answer

    def close(self) -> None:
        """Let the process end; a second call does nothing."""
        self._end()

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        _kill(self._process)
        self._end()

    def _exchange(
        self, header: Mapping[str, Any], block: Samples | None, seconds: float | None
    ) -> Message | None:
        message = dict(header)
        timer = None
        if seconds is not None:
            message["seconds"] = seconds + _GRACE_SECONDS
            # Ending the process ends whatever waits below; this works for pipes on every system.
            timer = threading.Timer(seconds, _end_late, (self._process, self._late))
            timer.daemon = True
            timer.start()
        try:
            stdin, stdout = self._process.stdin, self._process.stdout
            send(cast(Any, stdin), message, block)
            return receive(cast(Any, stdout))
        finally:
            if timer is not None:
                timer.cancel()

    def _failure(self, doing: str, seconds: float | None, *, is_garbage: bool) -> PluginError:
        """Close, and say what happened."""
        if not is_garbage:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LEAVE_SECONDS)
        code = self._process.poll()
        self.kill()
        if self._late.is_set():
            return PluginError(f"{self.label}: the plugin did not finish {doing} within {seconds:.3g} s")
        if is_garbage or code is None:
            return PluginError(f"{self.label}: the plugin's process answered nonsense while {doing}")
        if code == 0:
            return PluginError(f"{self.label}: the plugin ended its process while {doing}")
        return PluginError(f"{self.label}: the plugin crashed while {doing} ({_reason(code)})")


def _reason(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}" if -256 < code < 256 else f"exit code {code & 0xFFFFFFFF:#x}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where the system has groups, what it started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    """End a process whose time is over; not a method, so that a waiting timer keeps no plugin alive."""
    late.set()
    _kill(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, at which it leaves; end it if it does not."""
    with contextlib.suppress(OSError):
        cast(Any, process.stdin).close()
    try:
        process.wait(_LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
    cast(Any, process.stdout).close()
