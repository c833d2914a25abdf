"""What a person writes: styles, snippets, overrides, plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nast_fx.errors import UsageError
from nast_fx.models import (
    METHOD_SETTINGS,
    RenderPlan,
    parse_overrides,
    parse_snippet,
    parse_style,
    validated,
)
from nast_fx.models.method_base import default_n_fft


@pytest.mark.parametrize(
    ("text", "path", "start", "length", "weight"),
    [
        ("a.wav", "a.wav", 0, None, 1),
        ("a.wav=0.7", "a.wav", 0, None, 0.7),
        ("a.wav@3:4", "a.wav", 3, 4, 1),
        ("a.wav@.5:=2", "a.wav", 0.5, None, 2),
        ("a=b.wav", "a=b.wav", 0, None, 1),
        ("me@home.wav", "me@home.wav", 0, None, 1),
        ("a@1:2.wav@3:4=.5", "a@1:2.wav", 3, 4, 0.5),
        ("{x}% \N{MUSICAL NOTE}.wav=1", "{x}% \N{MUSICAL NOTE}.wav", 0, None, 1),
    ],
)
def test_styles_as_written(text, path, start, length, weight):
    style = parse_style(text)
    assert (style.path, style.start_seconds, style.length_seconds, style.weight) == (
        Path(path),
        start,
        length,
        weight,
    )


def test_a_file_of_that_very_name_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mix=0.5", "take@1:2"):
        Path(name).touch()
        assert parse_style(name).path == Path(name)
    assert parse_style("take@1:2=3").weight == 3
    assert parse_style("take@1:2=3").path == Path("take@1:2")


@pytest.mark.parametrize("text", ["a.wav=0", "a.wav@3:0"])
def test_zero_is_refused(text):
    with pytest.raises(UsageError, match="above 0"):
        parse_style(text)


@pytest.mark.parametrize("text", ["", "abc", "1", "1:2:3", "-1:2", "1e3:2", "nan:1"])
def test_snippets_that_are_none(text):
    with pytest.raises(UsageError, match="START:LENGTH"):
        parse_snippet(text)


def test_overrides():
    assert parse_overrides(["a=1", "b = x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(UsageError, match="key=value"):
        parse_overrides(["a"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"amount": 1.2}, "amount=1.2 must be at least 0 and at most 1"),
        ({"segment_seconds": 4, "overlap_seconds": 2}, "overlap_seconds=2 must be at most 0.4 of"),
        ({"chanels": "mono"}, "did you mean 'channels'"),
        ({"quality": "best"}, "one of draft, normal, high"),
        ({"seed": -1}, "seed=-1 must be at least 0"),
    ],
)
def test_plans_that_are_none(values, message):
    with pytest.raises(UsageError, match=message):
        validated(RenderPlan, values)


@pytest.mark.parametrize("name", METHOD_SETTINGS)
def test_settings_survive_json_and_refuse_what_is_out_of_range(name):
    model = METHOD_SETTINGS[name]
    default = model()
    assert model.model_validate_json(default.model_dump_json()) == default
    for key, field in model.model_fields.items():
        assert field.json_schema_extra is not None, key
        for rule in field.metadata:
            if hasattr(rule, "ge"):
                with pytest.raises(UsageError, match=f"{key}={rule.ge - 1}"):
                    validated(model, {key: rule.ge - 1})


@given(st.integers(8_000, 192_000))
def test_the_window_follows_the_rate(rate):
    n_fft = default_n_fft(rate)
    assert n_fft & (n_fft - 1) == 0
    assert 0.065 < n_fft / rate < 0.132
    assert default_n_fft(22_050) == 2048
    assert default_n_fft(44_100) == 4096
