"""The engine as a process: ``nast-fx worker`` reads messages on stdin and answers on stdout, JSON lines both.

A thread reads, jobs own the main thread (plugins want to be loaded there). When stdin closes, whoever started
the worker is gone: the job is broken off, its files are cleaned up, and the worker leaves, at the latest
after a few seconds. Messages: `nast_fx.models.messages`; for people: ``docs/worker.md``.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import queue
import sys
import threading
import time
from typing import Any, BinaryIO

from nast_fx import __version__
from nast_fx.errors import AudioFileError, CancelledError, DeviceError, NastFxError, UsageError
from nast_fx.jobs.kind import Switch
from nast_fx.models import METHOD_SETTINGS, Settings
from nast_fx.models.messages import (
    ANSWERS,
    MAX_LINE,
    QUESTIONS,
    REQUESTS,
    Cancel,
    Describe,
    Description,
    ErrorMessage,
    Greeting,
    Hello,
    PartMessage,
    Pause,
    ProgressMessage,
    Question,
    ResultMessage,
    Run,
    parse_question,
)
from nast_fx.plain import plain
from nast_fx.progress import Progress

__all__ = ["Worker", "description", "error_message", "main"]

LEAVE_SECONDS = 3.0  # to clean up after stdin was closed
REPORT_SECONDS = 0.1  # between two reports of one stage
NICENESS = 5  # of a worker in the background
MOST_SHOWN = 60  # characters of a name that is too long
BELOW_NORMAL = 0x4000  # the same, as Windows has it

logger = logging.getLogger(__name__)


class Worker:
    """Answers what it reads; one job at a time.

    Parameters
    ----------
    questions, answers : binary file
        Where messages come from, and where they go.
    """

    def __init__(self, questions: BinaryIO, answers: BinaryIO) -> None:
        self._questions = questions
        self._answers = answers
        self._inbox: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._writing = threading.Lock()
        self._state = threading.Condition()
        self._job = ""  # name of the running one
        self._is_cancelled = False
        self._is_paused = False
        self._is_left = False
        self._switch = Switch()

    def serve(self) -> None:
        """Answer until the questions end; jobs run in the thread that calls."""
        threading.Thread(target=self._read, daemon=True).start()
        while (run := self._inbox.get()) is not None:
            answer = self._done(run)
            with self._state:
                self._job, self._is_cancelled = "", False
            self._say(answer)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := self._questions.readline(MAX_LINE + 1):
                if not line.endswith(b"\n") and len(line) > MAX_LINE:
                    self._skip_line()
                    self._say(error_message(UsageError(f"a message is at most {MAX_LINE >> 20} MiB long")))
                elif line.strip():
                    self._answer(line)
        self._leave()

    def _skip_line(self) -> None:
        while (rest := self._questions.readline(2**20)) and not rest.endswith(b"\n"):
            pass

    def _answer(self, line: bytes) -> None:
        try:
            question = parse_question(line)
        except Exception as error:  # whatever comes, it must not end the worker
            self._say(error_message(error))
            return
        try:
            self._do(question)
        except NastFxError as error:
            # That a job cannot be cancelled is not that job's end.
            self._say(error_message(error, question.id if isinstance(question, Run) else None))

    def _do(self, question: Question) -> None:
        if isinstance(question, Hello):
            self._say(Greeting(version=__version__, process_id=os.getpid(), kinds=tuple(REQUESTS)))
        elif isinstance(question, Describe):
            self._say(description())
        elif isinstance(question, Run):
            with self._state:
                if self._job:
                    raise UsageError(f"job {self._job} is running; a worker does one at a time")
                self._job = question.id
            self._inbox.put(question)
        elif isinstance(question, Cancel):
            with self._state:
                if self._job != question.id:
                    raise UsageError(f"no job {question.id} is running")
                self._is_cancelled = True
                self._state.notify_all()
        else:
            with self._state:
                self._is_paused = isinstance(question, Pause)
                self._state.notify_all()
            self._switch.turn(self._is_paused)

    def _done(self, run: Run) -> Settings:
        """Do a job and give what is to be said of it."""
        # Here, since it loads what takes a second: whoever asks for a job waits for it, not who says hello.
        from nast_fx.jobs.run import steps_of

        report = _Reports(run.id)
        steps = steps_of(run.model_dump(mode="json", exclude={"type", "id"}), self._switch)
        try:
            with contextlib.closing(steps):
                while True:
                    self._hold(report)
                    progress = next(steps)
                    if progress.part:
                        self._say(PartMessage(id=run.id, part=plain(progress.part)))
                    self._say(report.of(progress))
        except StopIteration as stop:
            return ResultMessage(id=run.id, kind=run.kind, result=stop.value)
        except Exception as error:
            return error_message(error, run.id)

    def _hold(self, report: _Reports) -> None:
        """Wait while paused; raise if the job was cancelled."""
        with self._state:
            if self._is_paused and not self._is_cancelled:
                self._say(report.paused())
                self._state.wait_for(lambda: self._is_cancelled or not self._is_paused)
            if self._is_cancelled:
                raise CancelledError("cancelled; nothing was written")

    def _say(self, message: Settings | None) -> None:
        if message is None or self._is_left:
            return
        line = message.model_dump_json().encode() + b"\n"
        try:
            with self._writing:
                self._answers.write(line)
                self._answers.flush()
        except (OSError, ValueError):
            self._leave()

    def _leave(self) -> None:
        """Nobody is there any more: clean up and go, and go in any case."""
        with self._state:
            self._is_left = self._is_cancelled = True
            self._state.notify_all()
        timer = threading.Timer(LEAVE_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()
        self._inbox.put(None)


class _Reports:
    """Makes messages of a job's progress, not too many of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = ProgressMessage(id=name, stage="begin")
        self._next = 0.0

    def of(self, progress: Progress) -> ProgressMessage | None:
        """Give a message, or None if the last one was just now and of the same stage and segment."""
        is_same = (progress.stage, progress.segment) == (self._last.stage, self._last.segment)
        if is_same and time.monotonic() < self._next:
            return None
        values = plain({name: value for name, value in vars(progress).items() if name != "part"})
        values["share"] = min(max(values["share"] or 0.0, 0.0), 1.0)
        self._last = ProgressMessage(id=self._name, **values)
        self._next = time.monotonic() + REPORT_SECONDS
        return self._last

    def paused(self) -> ProgressMessage:
        """Say that the job is held where it is."""
        return self._last.model_copy(update={"stage": "paused", "seconds_left": None})


def main(*, is_background: bool = False) -> None:
    """Serve the process that started this one, until it closes stdin.

    Parameters
    ----------
    is_background : bool
        Whether other programs, such as one that plays sound, come first.
    """
    if is_background:
        _step_back()
    questions, answers = _own_streams()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    Worker(questions, answers).serve()


def _step_back() -> None:
    """Take a lower priority, before there are threads that would keep the old one."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), BELOW_NORMAL)
    else:
        os.nice(NICENESS)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Streams that no library can write to: what it prints goes to stderr."""
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return questions, answers


def error_message(error: Exception, job: str | None = None) -> ErrorMessage:
    """Give what is said of an error: of a job, or of a message that was not understood."""
    if isinstance(error, MemoryError):
        error = DeviceError("there is not enough memory: use shorter segments")
    elif isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        error = AudioFileError(f"{str(error.filename)[:MOST_SHOWN]}...: the name is too long for a file")
    elif not isinstance(error, NastFxError):
        logger.error("a defect", exc_info=error)
        error = NastFxError(f"this is a defect of nast-fx ({type(error).__name__}: {error})")
    known: Any = error
    words = str(error).encode("utf-8", "replace").decode()  # half a character pair, as a message may hold one
    return ErrorMessage(id=job, kind=type(error).__name__, message=words, exit_code=known.exit_code)


def description() -> Description:
    """Give the schemas of all requests, methods and messages."""
    messages = {f"to {name}": model.model_json_schema() for name, model in QUESTIONS.items()}
    messages |= {f"from {name}": model.model_json_schema() for name, model in ANSWERS.items()}
    return Description(
        requests={name: model.model_json_schema() for name, model in REQUESTS.items()},
        methods={name: model.model_json_schema() for name, model in METHOD_SETTINGS.items()},
        messages=messages,
    )
