"""Jobs about presets and styles: what the command line's groups do, for windows."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nast_fx.errors import AudioFileError, CancelledError, UsageError
from nast_fx.jobs.kind import Beside
from nast_fx.models import StyleReference, validated
from nast_fx.models.library import PresetsRequest, StylesRequest
from nast_fx.models.portable_style import STYLE_SUFFIX, LearnSettings, StyleFacts
from nast_fx.models.preset import Preset
from nast_fx.progress import Progress, Steps

if TYPE_CHECKING:
    from nast_fx.presets import FoundPreset
    from nast_fx.styles import FoundStyle, LearntStyle

__all__ = ["learn_style", "presets", "style_fields", "styles"]

Facts = dict[str, Any]


def presets(request: PresetsRequest, beside: Beside) -> Steps[Facts]:
    """Do what is asked about presets."""
    yield Progress("presets")
    return _OF_PRESETS[request.action](request)


def styles(request: StylesRequest, beside: Beside) -> Steps[Facts]:
    """Do what is asked about styles."""
    yield Progress("styles")
    if request.action == "learn":
        return (yield from _learn(request))
    return _list_styles() if request.action == "list" else _show_style(request)


def learn_style(
    references: Sequence[StyleReference], settings: LearnSettings, name: str
) -> Steps[LearntStyle]:
    """Learn one style from files; see `nast_fx.styles.learn`."""
    from nast_fx.styles import open_recordings
    from nast_fx.styles.learn import learn

    with ExitStack() as stack:
        recordings = open_recordings(references, stack)
        values = settings.model_dump() | {"name": name}
        return (yield from learn(recordings, **values))


def style_fields(found: FoundStyle, facts: StyleFacts) -> Facts:
    """One style of a list."""
    own = {"name": found.name, "layer": found.layer, "shadows": found.shadows, "file": found.path}
    known = facts.model_dump(mode="json", exclude={"name"})
    return {**own, "title": facts.name, "seconds": facts.seconds, **known}


def _list_presets(request: PresetsRequest) -> Facts:
    from nast_fx.presets import list_presets

    found, broken = list_presets(request.project)
    faults = [{"path": one.path, "layer": one.layer, "message": one.message} for one in broken]
    return {"presets": [_preset_fields(one) for one in found], "broken": faults}


def _load_preset(request: PresetsRequest) -> Facts:
    """Give a preset with whole names of files."""
    found = _found(request)
    chain_file = found.path.resolve() if found.preset.chain.slots else None
    return {**_preset_fields(found), "preset": found.placed.values(), "chain_file": chain_file}


def _save_preset(request: PresetsRequest) -> Facts:
    from nast_fx.presets import find_preset, save_preset
    from nast_fx.styles.find import find_style

    preset = validated(Preset, request.preset or {})
    for style in preset.styles:
        if not style.path.is_absolute():
            find_style(style.path)
        elif not style.path.is_file():
            raise AudioFileError(f"{style.path}: there is no such file")
    path = save_preset(preset, layer=request.layer, project=request.project, overwrite=request.overwrite)
    by_name = find_preset(path.stem, project=request.project)
    hidden_by = None if by_name.path.samefile(path) else by_name.path
    return {"name": path.stem, "path": path, "layer": request.layer, "hidden_by": hidden_by}


def _delete_preset(request: PresetsRequest) -> Facts:
    from nast_fx.presets import delete_preset

    found = _found(request)
    gone = delete_preset(found)
    left = [{"layer": layer, "path": path} for layer, path in found.shadows]
    return {"name": found.name, "deleted": gone, "now": left[0] if left else None}


def _import_preset(request: PresetsRequest) -> Facts:
    """Take a preset in; what could do more than describe is told first, and nothing is taken in."""
    from nast_fx.presets import import_presets

    needs: list[str] = []

    def agree(risks: Sequence[str]) -> bool:
        needs.extend(risks)
        return request.allow

    try:
        path = import_presets(
            _path(request),
            agree=agree,
            name=request.name or None,
            layer=request.layer,
            project=request.project,
        )
    except CancelledError:
        return {"needs": needs}
    return {"names": [path.stem], "path": path, "layer": request.layer, "needs": []}


def _export_preset(request: PresetsRequest) -> Facts:
    from nast_fx.presets import export_preset

    path = _path(request)
    return {"path": path, "files": export_preset(_found(request), path, overwrite=request.overwrite)}


def _found(request: PresetsRequest) -> FoundPreset:
    from nast_fx.presets import find_preset

    return find_preset(request.name, project=request.project)


def _path(request: PresetsRequest) -> Path:
    if request.path is None:
        raise UsageError(f"{request.action} needs path")
    return request.path


def _preset_fields(found: FoundPreset) -> Facts:
    preset = found.preset
    texts = {key: getattr(preset, key) for key in ("author", "description", "notes", "tags", "method")}
    shadowed = [{"layer": layer, "path": path} for layer, path in found.shadows]
    place = {"layer": found.layer, "path": found.path, "shadowed": shadowed}
    return {"name": found.name, "title": preset.name, **texts, **place}


def _list_styles() -> Facts:
    from nast_fx.styles import list_styles, read_style

    fields, faults = [], []
    for found in list_styles():
        try:
            facts = read_style(found.path).facts
        except AudioFileError as error:
            faults.append(str(error))
            continue
        fields.append(_shown(found, facts))
    return {"styles": fields, "faults": faults}


def _show_style(request: StylesRequest) -> Facts:
    """Give what is known of a style, and its picture as base64 of a PNG."""
    from nast_fx.styles import find_style, read_style

    found = find_style(request.name)
    style = read_style(found.path)
    picture = base64.b64encode(style.picture).decode("ascii")
    return {**_shown(found, style.facts), "bytes": found.path.stat().st_size, "picture": picture}


def _shown(found: FoundStyle, facts: StyleFacts) -> Facts:
    sources = ", ".join(recording.file for recording in facts.recordings)
    parts = (f"{facts.seconds:.1f} s of {sources}", facts.sound.key or "", facts.license)
    description = "; ".join(part for part in parts if part)
    return {**style_fields(found, facts), "path": found.path, "description": description}


def _learn(request: StylesRequest) -> Steps[Facts]:
    from nast_fx.audio.atomic import check_place
    from nast_fx.audio.output_names import place
    from nast_fx.styles import write_style
    from nast_fx.styles.find import made_user_folder

    name = request.learn.name or request.recordings[0].path.stem
    asked = request.output
    if asked is None:
        if Path(name).name != name:
            raise UsageError(f"name={name} cannot be the name of a file; give an output")
        asked = made_user_folder() / f"{name}{STYLE_SUFFIX}"
    path, replace = place(asked, [one.path for one in request.recordings], request.overwrite)
    check_place(path, overwrite=replace)
    style = yield from learn_style(request.recordings, request.learn, name[:100])
    write_style(path, style, overwrite=replace)
    return {"path": path, "bytes": path.stat().st_size, **style.facts.model_dump(mode="json")}


_OF_PRESETS: Mapping[str, Callable[[PresetsRequest], Facts]] = {
    "list": _list_presets,
    "load": _load_preset,
    "save": _save_preset,
    "delete": _delete_preset,
    "import": _import_preset,
    "export": _export_preset,
}
