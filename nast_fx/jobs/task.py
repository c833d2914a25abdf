"""One result of a batch: what goes in, where it goes, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nast_fx.jobs.run import job_values, request_values
from nast_fx.models import RenderRequest, validated

__all__ = ["ELSEWHERE", "Ending", "Outcome", "Task"]

Ending = Literal["done", "skipped", "failed", "cancelled"]
ELSEWHERE = "another batch is making it"


@dataclass(frozen=True)
class Task:
    """A result to make.

    Attributes
    ----------
    number : int
        Its place in the batch, from 1 on.
    wanted : Path
        Where the pattern puts it.
    output : Path
        Where it goes: another name than wanted where that is taken.
    request : RenderRequest
        Whose paths are absolute.
    side_files : mapping of str to Path
    fingerprint : str
        See `nast_fx.jobs.fingerprint`.
    n_bytes : int
        How large it becomes at most, as far as that is known.
    fresh : bool
        Use no segments of earlier renders.
    inputs : mapping of Path to str
        SHA-256 of each file that goes in, as it was when this was planned.
    """

    number: int
    wanted: Path
    output: Path
    request: RenderRequest
    side_files: Mapping[str, Path]
    fingerprint: str
    n_bytes: int
    fresh: bool = False
    inputs: Mapping[Path, str] = field(default_factory=dict)

    @property
    def content(self) -> Path:
        """What it is made of."""
        return self.request.content

    @property
    def files(self) -> tuple[Path, ...]:
        """What is made: the result and the files beside it."""
        return self.output, *self.side_files.values()

    def job(self, threads: int | None, receipt: Path | None = None) -> dict[str, Any]:
        """Give what an executor gets."""
        return job_values(
            "render",
            self.request,
            side_files=self.side_files,
            threads=threads,
            fresh=self.fresh,
            receipt=receipt,
        )

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "number": self.number,
            "wanted": str(self.wanted),
            "output": str(self.output),
            "request": request_values(self.request),
            "side_files": {name: str(path) for name, path in self.side_files.items()},
            "fingerprint": self.fingerprint,
            "n_bytes": self.n_bytes,
            "fresh": self.fresh,
            "inputs": {str(path): digest for path, digest in self.inputs.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Make it of that."""
        return cls(
            number=values["number"],
            wanted=Path(values["wanted"]),
            output=Path(values["output"]),
            request=validated(RenderRequest, values["request"]),
            side_files={name: Path(path) for name, path in values["side_files"].items()},
            fingerprint=values["fingerprint"],
            n_bytes=values["n_bytes"],
            fresh=values["fresh"],
            inputs={Path(path): digest for path, digest in values.get("inputs", {}).items()},
        )


@dataclass(frozen=True)
class Outcome:
    """How a result ended.

    Attributes
    ----------
    content, output : Path
    state : str
        done, skipped, failed or cancelled.
    note : str
        Why, if it is not done.
    result : dict
        Facts of what is there, as a render gives them; empty where nothing is.
    seconds : float
        That it took.
    """

    content: Path
    output: Path
    state: Ending
    note: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
