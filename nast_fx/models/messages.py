"""What a worker and whoever started it say to each other: one JSON object a line.

The page ``docs/worker.md`` is made from these classes. A field may be added within a protocol's version;
one that changes or goes makes the next version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from nast_fx import errors
from nast_fx.errors import NastFxError, UsageError, did_you_mean
from nast_fx.models.base import Settings, setting, validated
from nast_fx.models.kinds import REQUESTS, Kind, Side

__all__ = [
    "ANSWERS",
    "MAX_LINE",
    "PROTOCOL",
    "QUESTIONS",
    "REQUESTS",
    "Cancel",
    "Describe",
    "Description",
    "ErrorMessage",
    "Greeting",
    "Hello",
    "PartMessage",
    "Pause",
    "ProgressMessage",
    "Question",
    "ResultMessage",
    "Resume",
    "Run",
    "parse_answer",
    "parse_question",
]

PROTOCOL = 1
MAX_LINE = 64 * 2**20  # bytes; states of plugins are megabytes


class Hello(Settings):
    """Begin; not needed, but it tells whether both speak the same version."""

    type: Literal["hello"] = setting("hello", "Always hello.")
    protocol: int = setting(PROTOCOL, "Version that the sender speaks.", ge=1)
    token: str | None = setting(
        None, "What a service at a port has written into its file; a worker asks for none.", max_length=200
    )


class Describe(Settings):
    """Ask for the schemas of all requests, methods and messages."""

    type: Literal["describe"] = setting("describe", "Always describe.")


class Run(Settings):
    """Do a job; refused while another one runs."""

    type: Literal["run"] = setting("run", "Always run.")
    id: str = setting(..., "Name of the job; all that is said about it carries it.", min_length=1)
    kind: Kind = setting(..., "What to do.")
    request: dict[str, Any] = setting(..., "Fields of the kind's request.")
    side_files: dict[Side, Path] = setting({}, "Files to write beside the result of a render or texture.")
    threads: int | None = setting(
        None, "Threads to compute with; empty is what the worker was started with.", ge=1, le=4096
    )
    fresh: bool = setting(False, "Use no segments that an earlier render has finished, and keep none.")
    receipt: Path | None = setting(
        None, "File in which to say what was made, as soon as it is in its place; empty is none."
    )


class Cancel(Settings):
    """Stop a job; it ends with an error whose kind is CancelledError, and leaves no file."""

    type: Literal["cancel"] = setting("cancel", "Always cancel.")
    id: str = setting(..., "Name of the job.")


class Pause(Settings):
    """Hold the running job at its next report, and any later one, until `resume`."""

    type: Literal["pause"] = setting("pause", "Always pause.")


class Resume(Settings):
    """Go on."""

    type: Literal["resume"] = setting("resume", "Always resume.")


class Greeting(Settings):
    """Answer to hello."""

    type: Literal["hello"] = setting("hello", "Always hello.")
    protocol: int = setting(PROTOCOL, "Version that the worker speaks.")
    version: str = setting(..., "Version of nast-fx.")
    process_id: int = setting(..., "Number that the system gave the worker.")
    kinds: tuple[str, ...] = setting(..., "What it can do.")


class Description(Settings):
    """Answer to describe."""

    type: Literal["description"] = setting("description", "Always description.")
    requests: dict[str, Any] = setting(..., "JSON schema of each kind's request.")
    methods: dict[str, Any] = setting(..., "JSON schema of each method's settings.")
    messages: dict[str, Any] = setting(..., "JSON schema of each message, in and out.")


class ProgressMessage(Settings):
    """What a job is doing; at most ten in a second, but for new stages and segments."""

    type: Literal["progress"] = setting("progress", "Always progress.")
    id: str = setting(..., "Name of the job.")
    stage: str = setting(..., "What is going on, as one word; paused while it is held.")
    segment: int = setting(0, "Finished segments.")
    n_segments: int = setting(0, "How many there are; 0 where there are none.")
    step: int = setting(0, "Step inside the stage.")
    n_steps: int = setting(0, "How many there may be.")
    losses: dict[str, float | None] = setting({}, "Current value of each term by its name.")
    share: float = setting(0.0, "Share of the job that is done.", ge=0, le=1)
    seconds_left: float | None = setting(None, "Time to the end of the job; empty while unknown.", unit="s")
    note: str = setting("", "One sentence, or empty.")


class PartMessage(Settings):
    """A piece of what a job finds, as soon as it is known; none is left out."""

    type: Literal["part"] = setting("part", "Always part.")
    id: str = setting(..., "Name of the job.")
    part: dict[str, Any] = setting(..., "The piece; what it has depends on the kind.")


class ResultMessage(Settings):
    """A job is done, and its files are there."""

    type: Literal["result"] = setting("result", "Always result.")
    id: str = setting(..., "Name of the job.")
    kind: str = setting(..., "What was done.")
    result: dict[str, Any] = setting(..., "Facts of the result, as the command line's --json gives them.")


class ErrorMessage(Settings):
    """A job failed or was cancelled and has left no file; or, without an id, a message was not understood."""

    type: Literal["error"] = setting("error", "Always error.")
    id: str | None = setting(None, "Name of the job; empty if it is about a message.")
    kind: str = setting(..., "UsageError, AudioFileError, NoSpaceError, DeviceError, CancelledError ...")
    message: str = setting(..., "One sentence for people.")
    exit_code: int = setting(..., "What the command line would exit with.")

    @property
    def error(self) -> NastFxError:
        """The error that was raised there, of its own kind where we know it."""
        kind = getattr(errors, self.kind, NastFxError)
        is_known = isinstance(kind, type) and issubclass(kind, NastFxError)
        error: NastFxError = (kind if is_known else NastFxError)(self.message)
        error.exit_code = self.exit_code
        return error


Question = Hello | Describe | Run | Cancel | Pause | Resume

QUESTIONS: Mapping[str, type[Question]] = {
    "hello": Hello,
    "describe": Describe,
    "run": Run,
    "cancel": Cancel,
    "pause": Pause,
    "resume": Resume,
}
ANSWERS: Mapping[str, type[Settings]] = {
    "hello": Greeting,
    "description": Description,
    "progress": ProgressMessage,
    "part": PartMessage,
    "result": ResultMessage,
    "error": ErrorMessage,
}


def parse_question(line: bytes) -> Question:
    """Read one line that came to a worker.

    Raises
    ------
    UsageError
        It is no message; the sentence says why.
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("the line is no JSON") from None
    if not isinstance(values, dict):
        raise UsageError('a message is an object, as {"type": "hello"}')
    name = values.get("type")
    if not isinstance(name, str) or name not in QUESTIONS:
        near = did_you_mean(str(name), QUESTIONS) or f"; there are {', '.join(QUESTIONS)}"
        raise UsageError(f"there is no message of type '{name}'{near}")
    question: Question = validated(QUESTIONS[name], values)
    if isinstance(question, Hello) and question.protocol != PROTOCOL:
        raise UsageError(f"protocol={question.protocol} is not spoken here; this worker speaks {PROTOCOL}")
    return question


def parse_answer(line: bytes) -> Settings | None:
    """Read one line that came from a worker; None if it is of a type that we do not know.

    Fields that we do not know are left out: types and fields may be added within a protocol's version.

    Raises
    ------
    UsageError
        It is no message.
    """
    try:
        values = json.loads(line)
        model = ANSWERS.get(values["type"])
        if model is None:
            return None
        known = {key: value for key, value in values.items() if key in model.model_fields}
        return model.model_validate(known)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise UsageError("the worker answered nonsense") from None
