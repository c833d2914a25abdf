"""The other commands, and how progress looks."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path

import pytest
from cli_runner import QUICK, Cli

from nast_fx.cli import bar, tables
from nast_fx.models import METHOD_SETTINGS
from nast_fx.progress import Progress, Steps


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def test_the_program_without_a_command(cli: Cli) -> None:
    for args in ((), ("--help",), ("-h",)):
        ended = cli.run(*args)
        assert ended.code == 0
        assert any("Usage: nast-fx" in line for line in ended.out)
    assert cli.run("--version").out == ["nast-fx 0.1.0"]


COMMANDS = (
    "render",
    "texture",
    "edit",
    "presets",
    "plugins",
    "analyze",
    "methods",
    "evaluate",
    "demo",
    "doctor",
    "batch",
    "watch",
    "worker",
    "serve",
)


@pytest.mark.parametrize("command", [*COMMANDS, "bench"])
def test_every_command_has_help(cli: Cli, command: str) -> None:
    ended = cli.run(command, "--help")
    assert ended.code == 0
    assert any(f"nast-fx {command}" in line for line in ended.out)


def test_ranges_in_help_are_those_of_the_models(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "250")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 250)
    page = "\n".join(cli.run("render", "--help").out)
    for words in (
        "Mix of content (0) and result (1). (0 to 1; default 1)",
        "(0.5 to 120 s; default 10)",
        "mid-side|left-right|mono",
        "as FILE[@START:LENGTH][=WEIGHT]",
        "(at least 0; default 0)",
    ):
        assert words in page


def test_methods(cli: Cli) -> None:
    listed = cli.run("methods", "list")
    assert [line.split()[0] for line in listed.out] == ["method", *METHOD_SETTINGS]
    assert cli.run("methods").out == listed.out
    (found,) = cli.run("methods", "list", "--json").objects
    assert [method["name"] for method in found["methods"]] == list(METHOD_SETTINGS)


@pytest.mark.parametrize("name", METHOD_SETTINGS)
def test_methods_show_every_setting(cli: Cli, name: str) -> None:
    fields = METHOD_SETTINGS[name].model_fields
    shown = cli.run("methods", "show", name).out
    assert [line.split()[0] for line in shown[4:]] == list(fields)
    (found,) = cli.run("methods", "show", name, "--json").objects
    assert found["settings"].keys() == fields.keys()
    assert found["settings"]["max_iterations"]["range"] == "0 to 100000"
    start = found["settings"]["start"]
    assert start["choices"] == re.split(", | or ", start["range"])


def test_evaluate(cli: Cli) -> None:
    assert cli.render().code == 0
    before = cli.files()
    names = ("song.wav", "rain.wav", "song.styled.wav")
    table = cli.run("evaluate", *names)
    assert table.code == 0
    assert table.out[0].split()[:4] == ["figure", "output", "match-eq", "content"]
    figures = cli.run("evaluate", *names, "--json").objects[-1]
    assert figures["content"]["style_residual"] == pytest.approx(1)
    assert figures["output"]["frames"] == 8000
    assert figures["match_eq"]["finite"] is True
    assert cli.files() == before


def test_evaluate_a_texture(cli: Cli) -> None:
    figures = cli.run("evaluate", "--texture", "rain.wav", "song.wav", "--json").objects[-1]
    assert figures["output"]["content_error"] is None
    assert figures["content"]["frames"] is None
    table = cli.run("evaluate", "--texture", "rain.wav", "song.wav")
    assert table.out[0].split()[:3] == ["figure", "output", "better"]


def test_evaluate_report(cli: Cli) -> None:
    names = ("song.wav", "rain.wav", "song.wav")
    ended = cli.run("evaluate", *names, "--report", "page.html")
    assert ended.code == 0
    assert "<h1>song.wav</h1>" in (cli.folder / "page.html").read_text(encoding="utf-8")
    before = cli.files()
    cli.refuses(cli.run("evaluate", *names, "--report", "page.html"), 1, "is there already", before=before)
    cli.refuses(cli.run("evaluate", *names, "--report", "song.wav"), 2, "is an input", before=before)
    assert cli.run("evaluate", *names, "--report", "page.html", "--overwrite").code == 0


def test_doctor(cli: Cli) -> None:
    ended = cli.run("doctor")
    assert (ended.code, ended.out[-1]) == (0, "All is well.")
    (found,) = cli.run("doctor", "--json").objects
    assert (found["ok"], found["faults"]) == (True, [])
    assert found.keys() >= {"python", "packages", "devices", "threads", "reads", "writes", "user_data"}
    assert {"wav", "flac"} <= set(found["reads"])


def test_doctor_finds_a_full_disk(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.cli import doctor

    monkeypatch.setattr(doctor, "LEAST_FREE", 1e9)
    ended = cli.run("doctor")
    assert ended.code == 1
    assert "set TMPDIR" in ended.out[-1]
    (found,) = cli.run("doctor", "--json").objects
    assert found["ok"] is False


def test_the_demo_replaces_only_its_own(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.studies import demo

    for name in ("SONG_SECONDS", "STYLE_SECONDS", "TEXTURE_SECONDS"):
        monkeypatch.setattr(demo, name, 1.0)
    monkeypatch.setattr(demo, "SETTINGS", {"max_iterations": 2})
    ended = cli.run("demo", "-o", "shown", "-q")
    assert (ended.code, ended.err) == (0, [])
    assert all(Path(line.split("  ")[0]).is_file() for line in ended.out)
    (cli.folder / "shown" / "mine.wav").write_bytes(b"mine")
    first = cli.files()
    (result,) = (
        line for line in cli.run("demo", "-o", "shown", "--json").objects if line["type"] == "result"
    )
    assert result["files"].keys() == {"song", "style", "styled", "texture", "report"}
    again = cli.files()
    assert again.keys() == first.keys()
    assert {name for name in first if first[name] != again[name]} <= {"shown/report.html"}


def test_the_demo_leaves_files_of_others_alone(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(
        cli.run("demo", "-o", "."), 1, "song.wav is there and is not the demonstration's", before=before
    )


def test_bench_prints_its_page(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from nast_fx.studies import bench

    def pretend(*, quick: bool, output: Path | None) -> Steps[str]:
        yield Progress("race")
        if output is not None:
            output.write_text("page\n", encoding="utf-8")
        return f"page, {quick}\n"

    monkeypatch.setattr(bench, "bench", pretend)
    assert cli.run("bench", "--quick").out == ["page, True"]
    ended = cli.run("bench", "-o", "b.md")
    assert ended.out == ["page, False"]
    assert (cli.folder / "b.md").is_file()
    cli.refuses(cli.run("bench", "-o", "no/b.md"), 1, "there is no folder", before=cli.files())


def test_progress_in_words() -> None:
    progress = Progress("transfer", 1, 4, 5, 10, {"loss": 0.25, "style": 0.2}, 0.4, 3725.0)
    assert bar.describe_progress(progress) == "segment 2/4, step 5/10, loss 0.25, 1:02:05 left"
    assert bar.describe_progress(Progress("read", note="checking")) == "checking"


def test_a_log_gets_a_line_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    monkeypatch.setattr(bar.time, "monotonic", lambda: next(clock))
    with bar.progress_display("2 of 3") as show:
        for step in (1, 2, 3, 4):
            show(Progress("transfer", 0, 1, step, 10))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 3: styling, step 2/10",
        "2 of 3: styling, step 4/10",
    ]


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with contextlib.suppress(KeyboardInterrupt), bar.progress_display("[red] 1 of 2") as show:
        show(Progress("transfer", 0, 2, 3, 10, {"loss": 0.5}, 0.15, 61.0))
        raise KeyboardInterrupt
    screen = capsys.readouterr().err
    assert "[red] 1 of 2 styling" in screen
    assert "segment 1/2, step 3/10, loss 0.5, 1:01 left" in screen
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")  # the cursor is back


def test_tables_wrap_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    tables.write_table(("a", "b"), [("one", "word " * 10)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["a    b", "one  word word word word word word word"]
    assert lines[2] == "     word word word"


def test_json_holds_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    from nast_fx.cli.console import write_json

    write_json({"a": [float("nan"), (float("inf"), 1.5)], "b": Path("x"), "c": None})
    assert json.loads(capsys.readouterr().out) == {"a": [None, [None, 1.5]], "b": "x", "c": None}


def test_verbose_logs_the_request(cli: Cli, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert cli.run("render", "song.wav", "-s", "rain.wav", *QUICK, "-v").code == 0
    assert "method='infinite'" in caplog.text
