"""The command that a window shows makes the very request that it renders."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

import nast_fx.cli.render
from nast_fx.cli import main
from nast_fx.errors import UsageError
from nast_fx.models import METHOD_SETTINGS, RenderPlan, RenderRequest, Tracking, validated
from nast_fx.models.command_line import command_line

NAMES = st.text("abcäö #'\"$-=@:0123.%", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and text.strip(".") and "nast" not in text
)
PATHS = NAMES.map(Path) | NAMES.map(lambda name: Path("/folder of mine") / name)


def numbers(info: FieldInfo) -> st.SearchStrategy[Any]:
    """Values in the range that a field declares."""
    bounds: dict[str, Any] = {}
    for rule in info.metadata:
        bounds |= {key: getattr(rule, key) for key in ("ge", "gt", "le", "lt") if hasattr(rule, key)}
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if "int" in str(info.annotation):
        return st.integers(low, high)
    return st.floats(low, high, exclude_min="gt" in bounds, exclude_max="lt" in bounds, allow_nan=False)


def given_some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


PLAN_FIELDS = RenderPlan.model_fields
COMMON = {
    **{
        name: numbers(PLAN_FIELDS[name]) for name in ("amount", "follow", "strength", "seed", "style_seconds")
    },
    "channels": st.sampled_from(["mid-side", "left-right", "mono"]),
    "quality": st.sampled_from(["draft", "normal", "high"]),
    "device": st.sampled_from(["auto", "cpu", "cuda"]),
}
PLANS = st.one_of(
    given_some({**COMMON, "segment_seconds": st.floats(1, 120), "overlap_seconds": st.floats(0, 0.4)}),
    st.builds(
        lambda plan, beats: {**plan, "segment_beats": beats},
        given_some({**COMMON, "overlap_seconds": st.floats(0, 30)}),
        st.integers(1, 1024),
    ),
    st.builds(lambda plan: {**plan, "segment_markers": True}, given_some(COMMON)),
)
TRACKING = given_some(
    {name: numbers(info) for name, info in Tracking.model_fields.items() if name != "key"}
    | {"key": st.sampled_from(["content", "off", "F# minor", "11A", "4m"])}
)
STYLES = st.lists(
    st.builds(
        lambda path, more: {"path": path, **more},
        PATHS,
        given_some(
            {
                "start_seconds": st.floats(0, 1e4),
                "length_seconds": st.floats(1e-3, 1e4),
                "weight": st.floats(1e-9, 1e6),
            }
        ),
    ),
    min_size=1,
    max_size=3,
)
METHODS = st.one_of(
    st.builds(
        lambda values: {"method": "infinite", "settings": values},
        given_some(
            {
                "max_iterations": st.integers(0, 1000),
                "content_weight": st.floats(0, 10),
                "n_filters": st.just("inf") | st.integers(1, 100),
                "start": st.sampled_from(["content", "noise"]),
            }
        ),
    ),
    st.builds(
        lambda values: {"method": "verma-smith", "settings": values},
        given_some({"weights": st.just("sounds"), "style_layers": st.just("1+2"), "n_fft": st.just(1024)}),
    ),
)
REQUESTS = st.builds(
    lambda *parts: {key: value for part in parts for key, value in part.items()},
    st.builds(lambda path, styles: {"content": path, "styles": styles}, PATHS, STYLES),
    st.builds(lambda plan, tracking: {"plan": plan, "tracking": tracking}, PLANS, TRACKING),
    METHODS,
    given_some(
        {
            "output": PATHS,
            "overwrite": st.sampled_from(["fail", "skip", "rename", "overwrite"]),
            "format": st.sampled_from(["wav", "flac"]),
            "bits": st.sampled_from(["16", "24"]),
            "midi": PATHS,
            "instrument": PATHS,
            "start_seconds": st.floats(0, 1e5),
            "length_seconds": st.floats(1e-3, 1e5),
            "tail_seconds": st.floats(0, 600),
            "time_reference_seconds": st.floats(0, 1e6),
        }
    ),
)
SIDES = given_some(dict.fromkeys(("history", "report", "export-midi", "save-preset"), PATHS))


def parsed(arguments: list[str]) -> tuple[RenderRequest, dict[str, Path]]:
    """Give the request that the program makes of its arguments."""
    jobs: list[Any] = []
    before = nast_fx.cli.render.run_jobs
    nast_fx.cli.render.run_jobs = lambda made, options: jobs.extend(made)
    try:
        assert main(arguments) == 0
    finally:
        nast_fx.cli.render.run_jobs = before
    (job,) = jobs
    return job.request, dict(job.side)


def same(request: RenderRequest) -> dict[str, Any]:
    """What a request does: its settings with the defaults of their method."""
    own = validated(METHOD_SETTINGS[request.method], request.settings)
    return request.model_dump() | {"settings": own.model_dump()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=REQUESTS, sides=SIDES)
def test_the_command_makes_the_same_request(values: dict[str, Any], sides: dict[str, Path]) -> None:
    request = validated(RenderRequest, values)
    command = command_line(request, sides)
    assert command[0] == "nast-fx"
    assert shlex.split(shlex.join(command)) == command
    again, files = parsed(command[1:])
    assert same(again) == same(request)
    assert files == sides


@pytest.mark.parametrize(
    "name", ["mix=0.5", "a@5:3", "a@5:3=2", "@0:", "-x.wav", "b=", "=1", "c@", "d@1:2@3:4"]
)
@pytest.mark.parametrize("more", [{}, {"weight": 0.25}, {"start_seconds": 1.5}])
def test_odd_names_are_not_read_as_parts_of_a_file(name: str, more: dict[str, float]) -> None:
    style = {"path": name, **more}
    request = validated(RenderRequest, {"content": name, "styles": [style], "output": name})
    again, _ = parsed(command_line(request)[1:])
    assert same(again) == same(request)


def test_it_is_short_where_all_is_as_it_is() -> None:
    request = validated(RenderRequest, {"content": "song.wav", "styles": [{"path": "rain.wav"}]})
    assert shlex.join(command_line(request)) == "nast-fx render song.wav --style rain.wav"
    more = {"plan": {"amount": 0.3, "segment_beats": 16}, "tracking": {"loudness": -14}, "start_seconds": 30}
    command = command_line(request.model_copy(update=vars(validated(RenderRequest, vars(request) | more))))
    assert shlex.join(command[3:]) == (
        "--style rain.wav --snippet 30: --segment beats:16 --amount 0.3 --loudness -14.0"
    )


def test_a_chain_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "my rack.toml"
    path.write_text('schema = 1\n[[slots]]\nplugin = "Gain"\n')
    values = {
        "content": "song.wav",
        "styles": [{"path": "rain.wav"}],
        "chain": {"slots": [{"plugin": "Gain"}]},
    }
    request = validated(RenderRequest, values | {"chain_file": path})
    again, _ = parsed(command_line(request)[1:])
    assert (again.chain, again.chain_file) == (request.chain, path)
    with pytest.raises(UsageError, match="save it as a file"):
        command_line(validated(RenderRequest, values))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mix": "mix.wav"}, "--stems"),
        ({"variation": 2}, "variations"),
        ({"plan": {"loop": True}}, "textures"),
        ({"plan": {"segment_beats": 4, "segment_seconds": 5}}, "only one of them"),
    ],
)
def test_what_no_option_says(more: dict[str, Any], words: str) -> None:
    values = {"content": "song.wav", "styles": [{"path": "rain.wav"}]}
    with pytest.raises(UsageError, match=words):
        command_line(validated(RenderRequest, values | more))
