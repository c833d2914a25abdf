"""The demonstration: the program's own song in the sound of its own bells, a texture, and a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nast_fx.audio import Audio, load_audio, save_audio
from nast_fx.errors import AudioFileError
from nast_fx.evaluate import Evaluation, evaluate, write_report
from nast_fx.models import RenderPlan, RenderRequest, StyleReference, TextureRequest
from nast_fx.progress import Progress, Steps
from nast_fx.render import Rendered, render_file, texture_file
from nast_fx.studies.sounds import SOUNDS

__all__ = ["Demo", "demo"]

SONG_SECONDS, STYLE_SECONDS, TEXTURE_SECONDS = 12.0, 12.0, 6.0
STYLE = "bells"
SETTINGS: dict[str, Any] = {}  # of the method: its defaults
NOTICE = "about.txt"
"""What is written first and last: a folder that has it is the demonstration's own."""


@dataclass(frozen=True)
class Demo:
    """The files of a demonstration, by what they are, and what is known of them.

    Attributes
    ----------
    files : dict
        ``song``, ``style``, ``styled``, ``texture``, ``report``.
    styled, texture : Rendered
    evaluation : Evaluation
        Of the styled song.
    """

    files: dict[str, Path]
    styled: Rendered
    texture: Rendered
    evaluation: Evaluation


def demo(folder: Path) -> Steps[Demo]:
    """Render the demonstration into `folder`; a second time it replaces its own files.

    Raises
    ------
    AudioFileError
        The folder cannot be written, or holds files of these names that are not the demonstration's.
    """
    files = _files(folder)
    _claim(folder, files)
    for name, seconds in (("song", SONG_SECONDS), ("style", STYLE_SECONDS)):
        yield Progress("read", note=f"playing the {name}")
        sound = SOUNDS["song" if name == "song" else STYLE](seconds, 44100, 0)
        save_audio(files[name], sound, bits="24", overwrite=True)
    style = (StyleReference(path=files["style"]),)
    styled = yield from render_file(
        RenderRequest(
            content=files["song"],
            styles=style,
            output=files["styled"],
            settings=SETTINGS,
            overwrite="overwrite",
        )
    )
    texture = yield from texture_file(
        TextureRequest(
            styles=style,
            output=files["texture"],
            duration_seconds=TEXTURE_SECONDS,
            plan=RenderPlan(quality="draft"),
            settings=SETTINGS,
            overwrite="overwrite",
        )
    )
    yield Progress("evaluate", note="measuring the result")
    heard = {name: load_audio(files[name]) for name in ("song", "style", "styled")}
    evaluation = evaluate(heard["song"], heard["style"], heard["styled"])
    _report(files, heard, styled, evaluation)
    return Demo(files, styled, texture, evaluation)


def _files(folder: Path) -> dict[str, Path]:
    return {
        "song": folder / "song.wav",
        "style": folder / f"{STYLE}.wav",
        "styled": folder / f"song.in.{STYLE}.wav",
        "texture": folder / f"{STYLE}.texture.wav",
        "report": folder / "report.html",
    }


def _claim(folder: Path, files: dict[str, Path]) -> None:
    """Make the folder ours, unless it holds somebody else's files of these names."""
    notice = folder / NOTICE
    foreign = next((path for path in files.values() if path.exists()), None)
    if foreign is not None and not notice.exists():
        raise AudioFileError(f"{foreign} is there and is not the demonstration's; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = "\n".join(path.name for path in files.values())
        notice.write_text(f"Made by `nast-fx demo`, which replaces these files:\n{names}\n", encoding="utf-8")
    except OSError as error:
        raise AudioFileError(f"{folder}: cannot be written: {error.strerror}") from error


def _report(
    files: dict[str, Path], heard: dict[str, Audio], styled: Rendered, evaluation: Evaluation
) -> None:
    write_report(
        files["report"],
        title=f"A song in the sound of {STYLE}",
        facts={
            "Content": files["song"].name,
            "Style": files["style"].name,
            "Result": files["styled"].name,
            "Method": styled.method,
            "Outcome": styled.outcome,
            "Device": styled.device,
            "Time": f"{styled.seconds:.0f} s for {SONG_SECONDS:g} s of sound",
        },
        evaluation=evaluation,
        content=heard["song"],
        style=heard["style"],
        output=heard["styled"],
        history=styled.records[0].history if styled.records else None,
        notes=styled.notes,
        tracked=styled.tracked,
    )
