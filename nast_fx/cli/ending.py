"""How the program ends: one line for every error, an exit code, and a clean stop by a signal."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from types import FrameType, TracebackType
from typing import Any

import typer

from nast_fx.cli.console import one_line, write_error, write_json
from nast_fx.errors import CancelledError, DeviceError, NastFxError, UsageError, did_you_mean

__all__ = ["Cancellation", "describe", "redirect_stdout"]

DEBUG = "NAST_FX_DEBUG"
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Cancellation:
    """While it is entered, the first signal to stop raises KeyboardInterrupt; later ones are ignored.

    The `finally` blocks that remove partial files run undisturbed.
    """

    def __init__(self) -> None:
        self.happened = False
        self._before: dict[int, Any] = {}

    def check(self) -> None:
        """Raise if the interrupt got lost on its way (Typer turns it into an exit code)."""
        if self.happened:
            raise KeyboardInterrupt

    def __enter__(self) -> Cancellation:
        for name in SIGNALS:
            number = getattr(signal, name, None)
            # What the parent told us to ignore (nohup, a shell's background job) stays ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                with contextlib.suppress(ValueError):  # not the main thread
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.happened:
            return  # an impatient second signal must not disturb the interpreter's own end either
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self.happened:
            self.happened = True
            raise KeyboardInterrupt


def describe(error: BaseException, *, cancelled: bool, as_json: bool) -> int:
    """Write one line about what ended the program, and give its exit code."""
    if (cancelled or isinstance(error, KeyboardInterrupt)) and not isinstance(error, CancelledError):
        error = CancelledError("cancelled; nothing was written")
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, typer.Exit):
        return error.exit_code
    if type(error).__name__ == "NoArgsIsHelpError":
        return 2  # a group without a command: its help was shown
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    known = _known(error)
    if as_json:
        write_json({"type": "error", "message": one_line(str(known)), "exit_code": known.exit_code})
    elif isinstance(known, CancelledError):
        write_error(str(known), label="")
    else:
        write_error(str(known))
    return known.exit_code


def redirect_stdout() -> None:
    """Let what is still to be written to a closed pipe vanish."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _known(error: BaseException) -> NastFxError:
    if isinstance(error, NastFxError):
        return error
    if isinstance(error, typer.TyperException):
        return UsageError(_usage(error))
    if isinstance(error, MemoryError):
        return DeviceError("there is not enough memory: use shorter segments (--segment)")
    hint = "" if os.environ.get(DEBUG) else f"; for the details, run it again with {DEBUG}=1"
    return NastFxError(f"this is a defect of nast-fx ({type(error).__name__}: {error}){hint}")


def _usage(error: typer.TyperException) -> str:
    """Put what Typer found wrong into our words."""
    context: Any = getattr(error, "ctx", None)
    more = f"; see {context.command_path} --help" if context else ""
    if (asked := getattr(error, "option_name", None)) and hasattr(error, "possibilities"):
        known = [name for param in context.command.params for name in param.opts] if context else []
        near = did_you_mean(asked, known) if asked.startswith("--") else ""
        return f"there is no option {asked}{near or more}"
    if type(error).__name__ == "MissingParameter" and (param := getattr(error, "param", None)):
        is_option = param.param_type_name == "option"
        name = param.opts[0] if is_option else param.metavar or param.name.upper()
        return f"{name} is missing{more}"
    text = one_line(error.format_message()).rstrip(".")
    return f"{text[:1].lower()}{text[1:]}{more}"
