"""Any bytes, any TOML, any archive: a sentence, or a preset that reads back as itself."""

from __future__ import annotations

import contextlib
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from preset_folders import MINIMAL, zipped

from nast_fx.errors import NastFxError
from nast_fx.models import METHOD_SETTINGS, RenderPlan, RenderRequest, Tracking
from nast_fx.models.chain import SlotSpec, StateSpec
from nast_fx.models.plugin_table import BUILTINS
from nast_fx.models.preset import Preset, PresetOutput
from nast_fx.presets import parse_preset, preset_text
from nast_fx.presets.incoming import open_incoming

OLD = [path.read_bytes() for path in sorted((Path(__file__).parent / "presets").glob("*.toml"))]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))

MODELS = (Preset, RenderPlan, Tracking, PresetOutput, SlotSpec, StateSpec, *METHOD_SETTINGS.values())
names = st.sampled_from(sorted({"schema", "points"}.union(*(model.model_fields for model in MODELS))))
OTHERS = ("style", "parallel", "inf", "draft", "24", "wav", "A.vst3")
words = st.sampled_from([*METHOD_SETTINGS, *BUILTINS, *OTHERS])
shares = st.floats(0, 1)
numbers = st.one_of(st.integers(0, 12), st.sampled_from([2**63, -(2**64), 10**30]), st.floats(), shares)
scalars = st.one_of(st.booleans(), numbers, words, st.text(max_size=30), st.dates(), st.times())
keys = st.one_of(names, names, st.text(max_size=12))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)

slots = st.lists(st.fixed_dictionaries({"plugin": words, "mix": shares}), max_size=4)
heads = {"schema": st.sampled_from([0, 1, 1, 1]), "name": st.text(max_size=20)}
parts = {
    "method": st.sampled_from(sorted(METHOD_SETTINGS)),
    "tags": st.lists(st.text(max_size=50), max_size=4),
    "description": st.text(max_size=60),
    "notes": st.text(max_size=60),
    "amount": shares,
    "settings": st.dictionaries(st.sampled_from(["content_weight", "max_iterations"]), st.integers(0, 9)),
    "plan": st.dictionaries(st.sampled_from(["amount", "strength", "follow"]), shares),
    "styles": st.lists(st.fixed_dictionaries({"path": st.text(max_size=9)}), max_size=3),
    "chain": st.fixed_dictionaries({"slots": slots}),
}

NAMES = ("a.toml", "x.wav", "d/x.wav", "../x", "/x", "C:x", "d\\x", "", ".", "d/", "a.toml/b", "con")
contents = st.one_of(st.sampled_from([MINIMAL, *OLD]), st.binary(max_size=60))
members = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=20)), contents, max_size=4)


def read(data: bytes) -> Preset | None:
    """Read a preset; the only way to fail is one sentence, and what is read can be used and written."""
    try:
        found = parse_preset(data, "x.toml")
    except NastFxError as error:
        message = str(error)
        if not message.startswith("x.toml: ") or len(message) < 15 or len(message) > 1000:
            pytest.fail(message)
        return None
    text = preset_text(found)
    again = parse_preset(text.encode(), "again.toml")
    assert again == found
    assert preset_text(again) == text
    styles = {} if found.styles else {"styles": [{"path": "rain.wav"}]}
    RenderRequest(content=Path("song.wav"), **(found.request_values() | styles))
    return found


def take_in(path: Path) -> None:
    """Open and read an archive; the only way to fail is one sentence."""
    with contextlib.suppress(NastFxError), ExitStack() as stack:
        incoming = open_incoming(path, stack)
        for blocks in incoming.files.values():
            assert sum(map(len, blocks())) < 2**20


@MANY
@given(st.binary(max_size=400))
@example(b"\x00" * 1000)
@example(b"\xef\xbb\xbf" + MINIMAL)
@example(b"schema = 1\nname = '''" + b"x" * 10_000)
def test_any_bytes(data: bytes) -> None:
    read(data)


@MANY
@given(st.sampled_from(OLD), st.integers(0, 3000), st.integers(0, 20), st.binary(max_size=12))
def test_files_with_a_wound(data: bytes, start: int, n_gone: int, put_in: bytes) -> None:
    start %= len(data)
    read(data[:start] + put_in + data[start + n_gone :])


@MANY
@given(keys, values, st.dictionaries(keys, values, max_size=2))
def test_any_table(key: str, value: Any, more: dict[str, Any]) -> None:
    read(tomli_w.dumps({"schema": 1, "name": "x", **more, key: value}).encode("utf-8", "replace"))


@MANY
@given(st.fixed_dictionaries(heads, optional=parts))
def test_nearly_valid(found: dict[str, Any]) -> None:
    read(tomli_w.dumps(found).encode("utf-8", "replace"))


def test_valid_ones_are_among_them() -> None:
    """Else the round trip above would say nothing."""
    assert read(MINIMAL + b"[plan]\namount = 0.5\n") is not None
    assert all(read(data) is not None for data in OLD)


@FEW
@given(members, st.integers(0, 2**32 - 1), st.booleans())
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_archive(tmp_path: Path, held: dict[str, bytes], attributes: int, is_plain: bool) -> None:
    try:
        data = zipped({"a.toml": OLD[0], **held}, external_attr=0 if is_plain else attributes)
    except (ValueError, UnicodeEncodeError, zipfile.LargeZipFile):
        return
    (tmp_path / "a.zip").write_bytes(data)
    take_in(tmp_path / "a.zip")


@MANY
@given(st.integers(0, 1000), st.integers(0, 8), st.binary(max_size=8))
def test_archives_with_a_wound(tmp_path: Path, start: int, n_gone: int, put_in: bytes) -> None:
    data = zipped({"a.toml": MINIMAL + b'[[styles]]\npath = "x.wav"\n', "x.wav": b"RIFF" * 30})
    start %= len(data)
    (tmp_path / "a.zip").write_bytes(data[:start] + put_in + data[start + n_gone :])
    take_in(tmp_path / "a.zip")
