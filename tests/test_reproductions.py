"""The reproductions: their command, their pages, and what a verdict is computed from."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_runner import Cli

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError
from nast_fx.methods import build_method
from nast_fx.models import METHOD_SETTINGS
from nast_fx.models.methods_random import COMPONENTS
from nast_fx.optimize import Outcome
from nast_fx.progress import Progress, drain
from nast_fx.reproductions import REPRODUCTIONS, find_reproduction
from nast_fx.reproductions import output as writing
from nast_fx.reproductions.barry_kim_keys import _findings as key_findings
from nast_fx.reproductions.barry_kim_texture import FIELDS, Texture, _field_seconds
from nast_fx.reproductions.barry_kim_texture import _findings as texture_findings
from nast_fx.reproductions.base import Claim, Reproduction, Result, Setup, Table, Verdict
from nast_fx.reproductions.judged import Judge, Kept
from nast_fx.reproductions.materials import groove, mono_row, typing
from nast_fx.reproductions.output import OVERVIEW, prepare_folder, reproduce
from nast_fx.reproductions.page import csv_text
from nast_fx.reproductions.pictures import Panel, chart
from nast_fx.reproductions.ranks import rank_correlation
from nast_fx.reproductions.transfers import Made, Run, how_they_ended, run_all
from nast_fx.reproductions.ulyanov_alpha import CONTENT, STYLE, _moves

RATE = 22_050
CLAIM = Claim("Rain is wet.", "Figure 1", "a drop | is seen")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def pretended(name: str = "ulyanov-alpha", *, holds: bool = True, fails: bool = False) -> Reproduction:
    """A reproduction that measures nothing, under a known name."""

    def run(setup: Setup):
        yield Progress("transfer", share=0.5)
        if fails:
            raise AudioFileError("the sound is gone")
        panel = Panel("Drops", "time", "count", {"drops": ([0.0, 1.0], [1.0, float(setup.seed)])})
        found = CLAIM.found("1 drop", holds=holds, because="one drop fell")
        table = Table.of([{"name": "a,b", "value": 1 / 3, "none": None}, {"name": "c", "other": True}])
        return Result(
            (found, CLAIM.untestable("it is dry")),
            table,
            {"Drops over time": chart([panel])},
            ("Nothing was heard.",),
            {"drop / one": Audio(np.full((1, 2000), 0.1, dtype=np.float32), 8000)},
        )

    return Reproduction(
        name, "Wetness of rain", "Nobody 2020", run, frozenset({"style"}), name != "ulyanov-alpha"
    )


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_each_is_known_by_its_name(name: str) -> None:
    found = find_reproduction(name)
    assert found.name == name
    assert found.title[0].isupper()
    assert not found.title.endswith(".")
    assert found.paper
    assert found.takes <= {"content", "style"}


def test_the_verdict_is_a_sentence() -> None:
    assert CLAIM.found("", holds=True, because="one fell").sentence == "Confirmed: one fell."
    assert CLAIM.found("", holds=False, because="none fell").sentence == "Not confirmed: none fell."
    assert CLAIM.untestable("it is dry").sentence == "Cannot be tested here: it is dry."


def test_the_table_is_written_in_full_precision() -> None:
    table = Table.of([{"name": 'a,"b"', "value": 1 / 3}, {"name": "c", "other": True}])
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows == [["name", "value", "other"], ['a,"b"', repr(1 / 3), ""], ["c", "", "yes"]]


def test_a_run_writes_page_table_pictures_and_the_overview(tmp_path: Path) -> None:
    prepare_folder(tmp_path, ["ulyanov-alpha"])
    made = drain(reproduce(pretended(), Setup("quick", 3), tmp_path, keep_sounds=True))
    page = (tmp_path / "ulyanov-alpha.md").read_text(encoding="utf-8")
    assert "| Rain is wet. | Figure 1 | a drop \\| is seen | 1 drop | Confirmed: one drop fell. |" in page
    assert "`nast-fx reproduce ulyanov-alpha --quick --seed 3`" in page
    assert "![Drops over time](images/ulyanov-alpha-1.png)" in page
    assert "| a,b | 0.333 | - | - |" in page
    assert (tmp_path / "images" / "ulyanov-alpha-1.png").read_bytes().startswith(b"\x89PNG")
    assert made.files["drop / one"].name == "ulyanov-alpha.drop---one.wav"
    assert all(path.is_file() for path in made.files.values())
    # Another one joins the overview, in the order of the papers; the first one again replaces itself.
    drain(reproduce(pretended("ulyanov-textures"), Setup(), tmp_path))
    drain(reproduce(pretended(holds=False), Setup("full"), tmp_path))
    overview = (tmp_path / OVERVIEW).read_text(encoding="utf-8")
    assert overview.index("`ulyanov-textures` | quick | 1 | 0 | 1 |") < overview.index(
        "`ulyanov-alpha` | full | 0 | 1 | 1 |"
    )
    assert overview.count("Rain is wet.") == 4
    # Only what asks for it is pictured there.
    assert overview.count("![") == 1
    assert "![Drops over time](images/ulyanov-textures-1.png)" in overview
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]


def test_somebody_elses_page_stays(tmp_path: Path) -> None:
    mine = tmp_path / "ulyanov-alpha.md"
    mine.write_text("my notes")
    with pytest.raises(AudioFileError, match="is not of this program"):
        prepare_folder(tmp_path, ["ulyanov-alpha"])
    assert mine.read_text() == "my notes"
    (tmp_path / "file").touch()
    with pytest.raises(AudioFileError, match="cannot be written"):
        prepare_folder(tmp_path / "file", [])


def test_a_run_that_is_stopped_writes_nothing(tmp_path: Path) -> None:
    prepare_folder(tmp_path, ["ulyanov-alpha"])
    steps = reproduce(pretended(), Setup(), tmp_path)
    next(steps)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_the_command_lists_and_runs(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [line.split()[0] for line in cli.run("reproduce", "list").out[1:]] == list(REPRODUCTIONS)
    heads = cli.run("reproduce", "list", "--json").objects[0]["reproductions"]
    assert [head["name"] for head in heads] == list(REPRODUCTIONS)
    monkeypatch.setattr("nast_fx.reproductions.find_reproduction", pretended)
    ended = cli.run("reproduce", "ulyanov-alpha", "-o", "r", "--style", "rain.wav")
    assert (ended.code, ended.out) == (0, [str(Path("r") / "ulyanov-alpha.md")])
    assert any("Confirmed: one drop fell." in line for line in ended.err)
    result = cli.run("reproduce", "ulyanov-alpha", "-o", "r", "--full", "--json").objects[-1]
    assert [found["verdict"] for found in result["findings"]] == ["confirmed", "cannot be tested here"]
    assert json.loads((cli.folder / "r" / "ulyanov-alpha.json").read_text())["size"] == "full"


def test_the_command_has_help_and_needs_a_name(cli: Cli) -> None:
    ended = cli.run("reproduce", "--help")
    assert ended.code == 0
    assert any("nast-fx reproduce" in line for line in ended.out)
    assert cli.run("reproduce").code == 2


def test_all_go_on_after_one_has_failed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Reproduction:
        return pretended(name, fails=name == "ulyanov-alpha")

    monkeypatch.setattr("nast_fx.reproductions.find_reproduction", find)
    ended = cli.run("reproduce", "all", "-o", "r")
    assert ended.code == 3
    assert len(ended.out) == len(REPRODUCTIONS) - 1
    assert f"1 of {len(REPRODUCTIONS)} failed; the first: the sound is gone" in ended.err[-1]


def test_what_makes_no_sense_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cli.files()
    ended = cli.run("reproduce", "ulyanov-alfa", "-o", "r")
    cli.refuses(
        ended, 2, "there is no reproduction 'ulyanov-alfa'; did you mean 'ulyanov-alpha'?", before=before
    )
    monkeypatch.setattr("nast_fx.reproductions.find_reproduction", pretended)
    ended = cli.run("reproduce", "ulyanov-alpha", "--content", "song.wav", "-o", "r")
    cli.refuses(ended, 2, "--content song.wav must be left out: ulyanov-alpha makes", before=before)
    ended = cli.run("reproduce", "ulyanov-alpha", "--style", "no.wav", "-o", "r")
    cli.refuses(ended, 1, "no.wav", before=before)


def test_runs_share_one_progress() -> None:
    style = Audio(np.random.default_rng(0).normal(size=(2, RATE)).astype(np.float32), RATE)
    settings = {"max_iterations": 3, "n_filters": 8}
    runs = [
        Run("texture", "infinite", {"max_iterations": 3}, style, seconds=0.5),
        Run("transfer", "ulyanov-lebedev", {**settings, "griffin_lim_iterations": 2}, style, style),
    ]
    shares: list[float] = []
    made = drain(run_all(runs), lambda progress: shares.append(progress.share))
    assert [one.audio.samples.shape for one in made] == [(1, RATE // 2), (1, RATE)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert made[1].loss() < made[1].loss(at=0)
    assert made[1].loss("content") >= 0
    again = drain(run_all(runs))
    np.testing.assert_array_equal(made[0].audio.samples, again[0].audio.samples)


@pytest.mark.parametrize("make", [groove, typing])
def test_a_material_has_its_length_and_its_seed(make) -> None:
    first, again, other = (make(2.0, RATE, seed).samples for seed in (0, 0, 1))
    assert first.shape == (2, 2 * RATE)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_a_silent_sound_is_refused() -> None:
    with pytest.raises(AudioFileError, match="is silent"):
        mono_row(Audio(np.zeros((2, 1000), dtype=np.float32), RATE), RATE)


def made_of(audio: Audio) -> Made:
    return Made(Run("x", "infinite", {}, audio), audio, [{"loss": 1.0}], 0.0, "")


def test_content_and_style_themselves_are_judged_as_such() -> None:
    content, style = groove(2.0, RATE), typing(2.0, RATE)
    judge = Judge(content, style)
    kept, reached = judge(made_of(content)), judge(made_of(style))
    assert (kept.content_survives, kept.style_is_reached) == (True, False)
    assert kept.kept.error == pytest.approx(0.0, abs=1e-3)
    assert kept.style_residual == pytest.approx(1.0, abs=0.05)
    assert (reached.content_survives, reached.style_is_reached) == (False, True)
    assert reached.style_residual == pytest.approx(0.0, abs=0.05)
    assert reached.copy == pytest.approx(1.0, abs=0.01)
    assert not kept.works
    assert {"content error", "style residual", "flatness", "copy"} <= set(kept.row())
    # Near by features alone, or by onsets alone, is not enough.
    for bound in (Kept(9.0, 1.0, 0.0), Kept(0.0, 0.0, 0.0)):
        judge.baseline = bound
        assert not judge(made_of(content)).content_survives


@pytest.mark.parametrize(
    ("errors", "confirmed"),
    [((0.2, 0.3, 0.5, 0.6), True), ((0.2, 0.3, 0.1, 0.6), False), ((0.4, 0.4, 0.4, 0.4), False)],
)
def test_alpha_is_confirmed_by_a_course_only(errors: tuple[float, ...], confirmed: bool) -> None:
    wanted = Verdict.CONFIRMED if confirmed else Verdict.NOT_CONFIRMED
    assert _moves(CONTENT, "content error", list(errors), rises=True).verdict is wanted
    assert _moves(STYLE, "style residual", [1 - error for error in errors], rises=False).verdict is wanted
    assert _moves(CONTENT, "content error", [math.nan] * 4, rises=True).verdict is Verdict.NOT_CONFIRMED


def test_keys_are_confirmed_only_if_every_one_is_lower() -> None:
    keys = (-2, 0, 2)
    stft = {-2: 0.3, 0: 0.0, 2: 0.3}
    lower = dict.fromkeys(keys, 0.1)
    errors = {
        "STFT": stft,
        "mel": lower,
        "CQT": stft,
        "CQT pooled": {**lower, 2: 0.31},
        "mel+CQT pooled": lower,
    }
    untouched = {-2: 0.4, 0: 0.0, 2: 0.4}
    verdicts = [found.verdict for found in key_findings(errors, untouched)]
    assert verdicts[:3] == [Verdict.CONFIRMED, Verdict.NOT_CONFIRMED, Verdict.CONFIRMED]
    assert verdicts[3:] == [Verdict.CONFIRMED, Verdict.CONFIRMED]
    steady = {**errors, "mel": {-2: 0.6, 0: 0.0, 2: 0.6}}
    assert key_findings(steady, untouched)[4].verdict is Verdict.NOT_CONFIRMED
    # From the content the same key is left as it is: its error is 0, and says nothing.
    from_content = key_findings(errors, untouched, from_content=True)[4]
    assert from_content.verdict is Verdict.CANNOT_BE_TESTED


def test_the_receptive_field_is_that_of_the_paper() -> None:
    # 50 frames, then two residual blocks of width 25 with steps of 2 and 4: about four and a half seconds.
    assert _field_seconds((50, 2)) == pytest.approx(4.5, abs=0.05)
    fields = [_field_seconds(field) for field in FIELDS]
    assert fields == sorted(fields)


def test_a_texture_follows_its_field() -> None:
    audio = Audio(np.zeros((1, 10), dtype=np.float32), RATE)
    textures = [
        Texture(made_of(audio), "mel", field, 2 - field, field / 4, 0.1) for field in (0.3, 0.6, 1.2, 1.7)
    ]
    # The network without a mel spectrogram has no say.
    alone = replace(textures[0], net="STFT", divergence=-9.0, agreement=9.0, copy=0.9)
    assert [found.verdict for found in texture_findings([alone, *textures])] == [Verdict.CONFIRMED] * 3
    turned = [replace(one, divergence=one.field_seconds, agreement=-one.field_seconds) for one in textures]
    copied = [*turned[:-1], replace(turned[-1], copy=0.9)]
    assert [found.verdict for found in texture_findings(copied)] == [Verdict.NOT_CONFIRMED] * 3


def test_ranks_correlate() -> None:
    assert rank_correlation([1, 2, 3, 4], [2, 30, 400, 5000]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert rank_correlation([1, 2, 3, 4], [2, 1, 4, 3]) == pytest.approx(0.6)


def test_a_chart_draws_lines_bars_and_points() -> None:
    panels = [
        Panel(
            "Lines", "x", "y", {str(n): ([1, 10], [n + 1, 2]) for n in range(8)}, log="xy", marked={"m": 3}
        ),
        Panel("Bars", "", "", {"a": ((), [1, 2]), "b": ((), [2, 1])}, categories=["one", "a long name"]),
        Panel("Points", "x", "y", {"p": ([0, 1], [1, 0])}, with_lines=False),
    ]
    figure = chart(panels, n_columns=2)
    assert [place.get_title(loc="left") for place in figure.axes[:3]] == ["Lines", "Bars", "Points"]
    assert len(figure.axes[0].lines) == 9
    assert len(figure.axes[1].patches) == 4
    assert figure.axes[2].lines[0].get_linestyle() == "None"
    assert writing.png(figure).startswith(b"\x89PNG")


# One of each document, so that the slow part stays within its hour; the others run in small below.
WHOLE = (
    "ulyanov-textures",
    "mital-components",
    "mital-waveform",
    "barry-kim-table1",
    "verma-smith-tasks",
    "vedak-bhatia-models",
    "published-sizes",
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", WHOLE)
def test_some_run_at_their_quick_size(name: str, tmp_path: Path) -> None:
    prepare_folder(tmp_path, [name])
    made = drain(reproduce(find_reproduction(name), Setup("quick"), tmp_path))
    assert made.findings
    assert all(found.because for found in made.findings)
    assert any(found.verdict is not Verdict.CANNOT_BE_TESTED for found in made.findings) or name == (
        "ulyanov-trained"
    )
    rows = list(csv.DictReader((tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) >= 3
    page = (tmp_path / f"{name}.md").read_text(encoding="utf-8")
    assert "nan" not in page.lower().replace("resonance", "")


TINY = {
    "max_iterations": 2,
    "griffin_lim_iterations": 2,
    "stft_filters": 8,
    "mel_filters": 8,
    "cqt_filters": 2,
}


LONG = (
    "published-sizes",
    "barry-kim-keys",
    "barry-kim-ablations",
    "vedak-bhatia-models",
    "verma-smith-tasks",
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LONG else ())
        for name in REPRODUCTIONS
        if name != "mital-waveform"
    ],
)
def test_each_runs_and_measures(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way of each one, with optimizers that stop after two steps and a few filters."""
    from nast_fx.reproductions import mital_components, transfers

    def build(method: str, settings):
        known = METHOD_SETTINGS[method].model_fields
        tiny = {key: value for key, value in TINY.items() if key in known}
        filters = (
            {} if settings.get("n_filters", "inf") == "inf" or "n_filters" not in known else {"n_filters": 8}
        )
        if method == "ulyanov-lebedev":
            filters = {"n_filters": 8}
        return build_method(method, {**settings, **tiny, **filters})

    few = [mital_components.MEANINGFUL, mital_components.NOISY, "magnitude", "phase", "unwrapped-difference"]
    monkeypatch.setattr(mital_components, "_combinations", lambda: [*few, "+".join(COMPONENTS)])
    monkeypatch.setattr(transfers, "build_method", build)
    prepare_folder(tmp_path, [name])
    made = drain(reproduce(find_reproduction(name), Setup("quick"), tmp_path))
    page = (tmp_path / f"{name}.md").read_text(encoding="utf-8")
    assert all(found.claim.text in page and found.sentence in page for found in made.findings)
    assert all(path.is_file() for path in made.files.values())
    rows = list(csv.DictReader((tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) >= 3


def test_a_page_says_what_was_cut_short() -> None:
    audio = Audio(np.zeros((1, 10), dtype=np.float32), RATE)
    cut, ended = (
        Made(Run("x", "infinite", {}, audio), audio, [{"loss": 8.0}, {"loss": last}], 0.0, outcome.value)
        for last, outcome in ((4.0, Outcome.MAX_ITERATIONS), (1.0, Outcome.CONVERGED))
    )
    said = (
        "1 of 2 runs used all iterations that were allowed; the losses fell to 0.12 ... 0.5 of their start."
    )
    assert how_they_ended([cut, ended]) == said
    assert how_they_ended([cut, cut]).startswith("All runs used")
    assert how_they_ended([ended]).startswith("No run used")
