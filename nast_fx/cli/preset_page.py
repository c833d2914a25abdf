"""The reference that ends docs/presets.md: made from the models and the program's own presets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic.fields import FieldInfo

from nast_fx.cli.fields import limits, unit
from nast_fx.models import METHOD_SETTINGS, RenderPlan, Settings, StyleReference, Tracking
from nast_fx.models.chain import BranchSpec, SlotSpec
from nast_fx.models.preset import Preset, PresetOutput
from nast_fx.presets import read_preset
from nast_fx.presets.folders import layer_folder

__all__ = ["preset_page"]

TABLES: Sequence[tuple[str, str, type[Settings], tuple[str, ...]]] = (
    ("At the top", "", Preset, ("settings", "plan", "tracking", "output", "styles", "chain")),
    ("`[plan]`", "", RenderPlan, ()),
    ("`[tracking]`", "", Tracking, ()),
    ("`[output]`", "", PresetOutput, ()),
    ("`[[styles]]`", "One for each style.", StyleReference, ()),
    (
        "`[[chain.slots]]`",
        'Effects from first to last; `plugin = "style"` is the style\'s place. More in [chains](chain.md).',
        SlotSpec,
        (),
    ),
    ("`[[chain.slots.branches]]`", 'Of `plugin = "parallel"`; each has slots again.', BranchSpec, ()),
)


def preset_page() -> str:
    """Give every key of a preset, and the program's own presets, as Markdown."""
    parts = ["## Keys\n"]
    for title, text, model, left_out in TABLES:
        parts.append(f"### {title}\n{text}\n\n" if text else f"### {title}\n")
        parts.append("\n".join(_table(model, left_out)) + "\n\n")
    for name, model in METHOD_SETTINGS.items():
        parts.append(f"### `[settings]` of `{name}`\n{model.title}.\n\n")
        parts.append("\n".join(_table(model, ())) + "\n\n")
    parts.append("## The program's own\n" + "\n".join(_factory()) + "\n")
    return "".join(parts)


def _table(model: type[Settings], left_out: tuple[str, ...]) -> Iterator[str]:
    yield "| key | range | unit | default | what it is |"
    yield "|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        if name not in left_out:
            cells = (
                f"`{field.alias or name}`",
                _range(field),
                unit(field),
                _default(field),
                field.description or "",
            )
            yield f"| {' | '.join(cell.replace('|', ' or ') for cell in cells)} |"


def _factory() -> Iterator[str]:
    """One paragraph a preset, by name."""
    for path in sorted(layer_folder("factory").glob("*.toml")):
        preset = read_preset(path)
        tags = ", ".join(preset.tags)
        notes = f" *Tried:* {' '.join(preset.notes.split())}" if preset.notes else ""
        yield f"- **`{path.stem}`** ({preset.method}; {tags}): {' '.join(preset.description.split())}{notes}"


def _range(field: FieldInfo) -> str:
    """Say what a field takes; a list or a text says how long it may be."""
    kind = str(field.annotation)
    words = next((said for part, said in KINDS.items() if part in kind), "")
    lengths = {key: getattr(rule, key) for rule in field.metadata for key in LENGTHS if hasattr(rule, key)}
    if not lengths:
        return limits(field) or words
    bounds = " and ".join(f"{LENGTHS[key]} {value:,}" for key, value in lengths.items())
    return f"{bounds} {'words' if 'tuple' in kind else 'characters'}"


KINDS = {
    "dict": "names and values",
    "tuple": "tables",
    "StateSpec": "a table",
    "Path": "a file",
    "str": "text",
}
LENGTHS = {"min_length": "at least", "max_length": "at most"}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.default
    if value is None or value in ((), {}, ""):
        return "empty"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
