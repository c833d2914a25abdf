"""`nast-fx doctor`: is everything here that a render needs, and what is used."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from nast_fx import __version__
from nast_fx.cli.console import write_json, write_out
from nast_fx.cli.tables import write_table
from nast_fx.models.output import ALLOWED_BITS

__all__ = ["app"]

app = typer.Typer(add_completion=False)

PACKAGES = ("torch", "numpy", "soundfile", "soxr", "mutagen", "pydantic", "typer", "rich", "matplotlib")
LEAST_FREE = 1  # GiB of the temporary folder; an hour of stereo at 48 kHz takes 1.3 a signal


@dataclass
class _Findings:
    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def look(self, name: str, what: Callable[[], Any]) -> None:
        """Take a fact; what cannot be found out is a fault, and the others are still looked at."""
        try:
            self.facts[name] = what()
        except Exception as error:
            self.facts[name] = None
            self.faults.append(f"{name}: {type(error).__name__}: {error}")


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False) -> None:
    """Check this installation: versions, devices, formats, space. Exit code 1 if something is wrong."""
    found = _examine()
    if json:
        write_json({"type": "result", **found.facts, "faults": found.faults, "ok": not found.faults})
    else:
        write_table(("", ""), [(name.replace("_", " "), _shown(fact)) for name, fact in found.facts.items()])
        write_out("")
        for fault in found.faults:
            write_out(f"fault: {fault}")
        if not found.faults:
            write_out("All is well.")
    if found.faults:
        raise typer.Exit(1)


def _examine() -> _Findings:
    found = _Findings({"nast_fx": __version__})
    found.look("build", _build)
    found.look("python", lambda: f"{platform.python_version()} in {sys.prefix}")
    found.look("system", lambda: f"{platform.platform()}, {os.cpu_count()} processors")
    found.look("packages", lambda: {name: importlib.metadata.version(name) for name in PACKAGES})
    found.look("devices", _devices)
    found.look("chosen_device", _chosen)
    found.look("threads", _threads)
    found.look("reads", _readable)
    found.look("writes", _writable)
    found.look(
        "encoding", lambda: f"{sys.stdout.encoding} on the terminal, {sys.getfilesystemencoding()} for names"
    )
    found.look("temporary_folder", _temporary)
    found.look("user_data", _user_data)
    return found


def _build() -> dict[str, str]:
    """Of the program, and of torch: its CPU build, or which CUDA or ROCm it was made for."""
    import torch

    from nast_fx.build import build_facts

    hip = getattr(torch.version, "hip", None)
    made_for = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {hip}" if hip else "CPU"
    return build_facts() | {"torch": made_for}


def _devices() -> dict[str, str]:
    import torch

    devices = {"cpu": platform.processor() or platform.machine()}
    if torch.cuda.is_available():
        devices["cuda"] = torch.cuda.get_device_name()
    else:
        built = torch.version.cuda
        devices["cuda"] = (
            f"not here: no card was found (torch for CUDA {built})"
            if built
            else "not here: torch is built without CUDA"
        )
    has_mps = torch.backends.mps.is_available()
    devices["mps"] = "Apple GPU" if has_mps else "not here: only on Apple silicon"
    return devices


def _chosen() -> str:
    from nast_fx.render import choose_device

    return choose_device("auto")[1]


def _threads() -> int:
    """How many torch uses; the number is part of a render's identity."""
    import torch

    return torch.get_num_threads()


def _readable() -> list[str]:
    import soundfile

    return sorted(name.lower() for name in soundfile.available_formats())


def _writable() -> dict[str, str]:
    return {name: ", ".join(bits) or "one quality" for name, bits in ALLOWED_BITS.items()}


def _temporary() -> str:
    folder = Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")
    free = shutil.disk_usage(folder).free / 2**30
    if free < LEAST_FREE:
        raise OSError(f"{folder} has {free:.2f} GiB left; set TMPDIR to a folder with more")
    return f"{folder}, {free:.0f} GiB free"


def _user_data() -> str:
    from platformdirs import user_data_path

    return str(user_data_path("nast-fx", appauthor=False))


def _shown(fact: Any) -> str:
    if fact is None:
        return "unknown"
    if isinstance(fact, dict):
        return ", ".join(f"{name} {value}" for name, value in fact.items())
    return ", ".join(fact) if isinstance(fact, list) else str(fact)
