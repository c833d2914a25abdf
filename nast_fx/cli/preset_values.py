"""Options over preset over default: what a request or a saved preset is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nast_fx.cli.options import SoundOptions
from nast_fx.models import MethodSettings, RenderPlan, RenderRequest, TextureRequest
from nast_fx.models.output import ALLOWED_BITS, container_of
from nast_fx.models.preset import values_of

if TYPE_CHECKING:
    from nast_fx.presets import FoundPreset

__all__ = ["Sound", "folder_of", "no_style", "preset_facts", "sound_of"]

DEFAULT_METHOD = "infinite"
# What a texture has not, of the plan and of a request; and what only a texture has.
NOT_OF_TEXTURES = ("segment_beats", "segment_markers")
ONLY_OF_TEXTURES = ("loop",)
OF_CONTENTS = ("chain", "chain_file", "tail_seconds")


@dataclass(frozen=True)
class Sound:
    """What is in effect.

    Attributes
    ----------
    values : mapping
        Fields of a request, but its settings and its plan.
    settings : MethodSettings
        Those that are set are its `model_fields_set`.
    plan : RenderPlan
        Likewise.
    found : FoundPreset or None
    notes : tuple of str
        What of the preset is not used, and why.
    """

    values: Mapping[str, Any]
    settings: MethodSettings
    plan: RenderPlan
    found: FoundPreset | None
    notes: tuple[str, ...]

    @property
    def chosen(self) -> dict[str, Any]:
        """Settings of the method that are not left at their default."""
        return self.settings.model_dump(include=self.settings.model_fields_set)

    def preset_values(self) -> dict[str, Any]:
        """Give all of it as the fields of a preset, files as they are written."""
        request = {**self.values, "settings": self.chosen, "plan": self.plan}
        return values_of(request)


def sound_of(
    options: SoundOptions,
    given: Mapping[str, Any],
    *,
    preset: str | None = None,
    model: type[RenderRequest] | type[TextureRequest] | None = None,
    output: Path | None = None,
    project: Path | None = None,
) -> Sound:
    """Merge options with their preset.

    Parameters
    ----------
    options : SoundOptions
    given : mapping
        Fields of the request that the command was given.
    preset : str, optional
        Name or path; by default what the option says.
    model : type, optional
        What is made; a preset may hold what only the other one has.
    output : Path, optional
        Where a result goes: its suffix wins over the preset's format.
    project : Path, optional
        Folder beside which presets are looked for.

    Raises
    ------
    UsageError, AudioFileError
        There is no such preset, it is broken, or a value cannot be.
    """
    found, base, notes = None, dict[str, Any](), list[str]()
    if (wanted := preset or options.preset) is not None:
        from nast_fx.presets import find_preset

        found = find_preset(wanted, project=project)
        base, notes = _fitting(found.request_values(), given, model)
    method = options.method or base.get("method", DEFAULT_METHOD)
    settings = base.pop("settings", {})
    if settings and method != base.get("method"):
        notes.append(f"The preset's settings are for {base['method']}; {method} starts from its own.")
        settings = {}
    plan = options.plan(base.pop("plan", {}))
    values = {
        **_output(base, options, output),
        **given,
        "method": method,
        "tracking": options.tracking(base.get("tracking", {})),
    }
    return Sound(values, options.method_settings(method, settings), plan, found, tuple(notes))


def folder_of(given: Mapping[str, Any]) -> Path | None:
    """Give the folder of the audio, where presets of its project are."""
    paths = [given["content"]] if "content" in given else [style.path for style in given.get("styles", ())]
    return paths[0].parent if paths else None


def no_style(model: type[RenderRequest] | type[TextureRequest], sound: Sound) -> str:
    """Say that a style is missing."""
    option = "--style" if model is RenderRequest else "STYLE"
    held = f": the preset {sound.found.name} has no styles of its own" if sound.found else ""
    return f"{option} is missing{held}; name a recording, or a preset that has styles with --preset"


def preset_facts(request: RenderRequest | TextureRequest, found: FoundPreset | None) -> dict[str, Any]:
    """Give for programs which preset was used, and what is in effect, as the values of a preset."""
    from nast_fx.presets import effective_preset

    used = {"name": found.name, "layer": found.layer, "path": found.path} if found else None
    name = found.preset.name if found else request.method
    return {"preset": used, "effective": effective_preset(request, name).values()}


def _fitting(
    values: dict[str, Any], given: Mapping[str, Any], model: type[Any] | None
) -> tuple[dict[str, Any], list[str]]:
    """Give what of a preset is used by what is made; plan and tracking as mappings of what they set."""
    base, notes = dict(values), []
    for part in ("plan", "tracking"):
        if part in base:
            base[part] = base[part].model_dump(exclude_unset=True)
    unused: tuple[str, ...] = ()
    if model is TextureRequest:
        unused = NOT_OF_TEXTURES
        if "chain" in base:
            notes.append("The preset's chain is not used: a texture has none.")
        base = {key: value for key, value in base.items() if key not in OF_CONTENTS}
    elif model is RenderRequest:
        unused = ONLY_OF_TEXTURES
    if "plan" in base:
        base["plan"] = {key: value for key, value in base["plan"].items() if key not in unused}
    if "chain" in given:
        base = {key: value for key, value in base.items() if key not in ("chain", "chain_file")}
    return base, notes


def _output(base: Mapping[str, Any], options: SoundOptions, output: Path | None) -> dict[str, Any]:
    """Let the output's name and the options win over the preset's format, which takes its depth along."""
    values = dict(base)
    asked = options.format or (output.suffix if output is not None and output.suffix else None)
    if asked is not None:
        values.pop("format", None)
        container = container_of(asked)
        if container is not None and values.get("bits") not in ALLOWED_BITS[container]:
            values.pop("bits", None)
    given = {"format": options.format, "bits": options.bits}
    return values | {key: value for key, value in given.items() if value is not None}
