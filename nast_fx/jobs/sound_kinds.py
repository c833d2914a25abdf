"""Jobs that make or hear sound: render, texture, chain, check, analyze; and one that only waits."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

from nast_fx.jobs.kind import Beside, Sides
from nast_fx.jobs.receipt import write_receipt
from nast_fx.models import ChainRequest, RenderRequest, TextureRequest, validated
from nast_fx.models.listening import CheckRequest
from nast_fx.models.request import AnalyzeRequest, ExampleRequest, WaitRequest
from nast_fx.progress import Progress, Steps

__all__ = [
    "analyze",
    "chain",
    "check",
    "example",
    "preview_facts",
    "render",
    "render_facts",
    "texture",
    "wait",
]

WAIT_STEP = 0.02  # seconds
EXAMPLE_SECONDS, EXAMPLE_RATE = 12.0, 44_100  # Hz


def render(request: RenderRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Style a recording."""
    from nast_fx.render import render_file

    return (yield from _with_sides(request, beside, render_file))


def texture(request: TextureRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Make a texture."""
    from nast_fx.render import texture_file

    return (yield from _with_sides(request, beside, texture_file))


def chain(request: ChainRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Run a recording through effects."""
    from nast_fx.render.chained import chain_file

    return dict(vars((yield from chain_file(request))))


def check(request: CheckRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Say what a render would do."""
    checked = validated(RenderRequest, request.request)
    yield Progress("check", note=checked.content.name)
    from nast_fx.render import preview_render

    return preview_facts(preview_render(checked))


def analyze(request: AnalyzeRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Find loudness, key and tempo."""
    from nast_fx.analysis.analyze import analyze as find
    from nast_fx.audio import open_source

    yield Progress("read", note=request.content.name)
    with contextlib.closing(open_source(request.content)) as source:
        analysis = yield from find(source, str(request.content))
    return {"file": request.content, **analysis.as_dict()}


def example(request: ExampleRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Make a short song and a sound of bells, as the demonstration has them."""
    from nast_fx.audio import save_audio
    from nast_fx.audio.names import file_error
    from nast_fx.studies.sounds import SOUNDS

    try:
        request.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(request.folder, "cannot be made", error) from error
    files = {"content": request.folder / "song.wav", "style": request.folder / "bells.wav"}
    for number, path in enumerate(files.values()):
        yield Progress("write", share=number / len(files), note=path.name)
        if not path.is_file():
            save_audio(path, SOUNDS[path.stem](EXAMPLE_SECONDS, EXAMPLE_RATE, 0), bits="24")
    return dict(files)


def wait(request: WaitRequest, beside: Beside) -> Steps[dict[str, Any]]:
    """Do nothing for a while."""
    end = time.monotonic() + request.seconds
    while (left := end - time.monotonic()) > 0:
        yield Progress("wait", share=1 - left / request.seconds, seconds_left=left)
        time.sleep(min(WAIT_STEP, left))
    return {"seconds": request.seconds, "python": sys.version.split()[0]}


def render_facts(rendered: Any, request: RenderRequest | TextureRequest, files: Sides) -> dict[str, Any]:
    """Give what is known of a finished render, and the files beside it, by their names in JSON."""
    facts = {name: value for name, value in vars(rendered).items() if name not in {"records", "tracked"}}
    facts |= rendered.tracked.as_dict([style.path.name for style in request.styles])
    records = sorted(rendered.records, key=lambda record: record.index)
    facts["segments"] = [(record.start_seconds, record.end_seconds) for record in records]
    if isinstance(request, RenderRequest):
        facts |= {name: getattr(request, name) for name in ("content", "start_seconds", "midi")}
    return facts | {name.replace("-", "_"): path for name, path in files.items()}


def preview_facts(preview: Any) -> dict[str, Any]:
    """Give what is known of a render that was only checked, by the names of JSON."""
    return {**vars(preview), "format": preview.format.container, "bits": preview.format.bits}


def _with_sides(request: Any, beside: Beside, make: Callable[..., Steps[Any]]) -> Steps[dict[str, Any]]:
    from nast_fx.render import SegmentFiles

    store = None if beside.is_fresh else SegmentFiles()
    if not beside.sides:
        return render_facts((yield from make(request, store)), request, {})
    from nast_fx.jobs.side_files import SideFiles

    files = SideFiles(request, beside.sides)
    rendered = yield from make(request, store)
    if beside.receipt is not None:  # files beside it can take long
        write_receipt(beside.receipt, render_facts(rendered, request, {}))
    return render_facts(rendered, request, (yield from files.write(rendered)))
