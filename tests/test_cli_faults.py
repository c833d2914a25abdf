"""What a user can get wrong: one clear line, the right exit code, and nothing lost or left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_runner import Cli, song


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("This is no sound.\n" * 100, encoding="utf-8")


def truncated(path: Path) -> None:
    soundfile.write(path, song().T, 8000)
    path.write_bytes(path.read_bytes()[:-8000])


def no_frames(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 2)), 8000)


def with_value(value: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        samples = song()
        samples[1, 4000] = value
        soundfile.write(path, samples.T, 8000, subtype="FLOAT")

    return write


def silent(path: Path) -> None:
    soundfile.write(path, np.zeros((8000, 2)), 8000)


BROKEN = {
    "missing": (lambda path: None, "there is no such file"),
    "a folder": (folder, "is a folder"),
    "empty": (empty, "is empty"),
    "text": (text, "bad.wav"),
    "truncated": (truncated, "is cut short"),
    "zero frames": (no_frames, "holds no audio"),
    "NaN": (with_value(np.nan), "0.500 s"),
    "infinity": (with_value(np.inf), "0.500 s"),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("role", ["content", "style"])
def test_a_broken_recording(cli: Cli, fault: str, role: str) -> None:
    make, message = BROKEN[fault]
    make(cli.folder / "bad.wav")
    before = cli.files()
    ended = cli.render("-o", "out.wav", **{role: "bad.wav"})
    cli.refuses(ended, 1, message, before=before)
    assert "bad.wav" in ended.err[0]


def test_a_silent_style(cli: Cli) -> None:
    silent(cli.folder / "bad.wav")
    before = cli.files()
    cli.refuses(cli.render(style="bad.wav"), 1, "the style is silent", before=before)
    cli.refuses(cli.run("texture", "bad.wav", "--duration", 1), 1, "the style is silent", before=before)


def test_a_missing_output_folder(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(cli.render("-o", "no/where/out.wav"), 1, "there is no folder", before=before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Rights bind users, a read-only mount binds root too."""
    if os.name == "posix" and os.geteuid() == 0:
        commands = (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder])
        try:
            done = [
                subprocess.run(command, capture_output=True, check=False).returncode for command in commands
            ]
        except FileNotFoundError:
            pytest.skip("there is no mount")
        try:
            if any(done):
                pytest.skip("this root may not mount")
            yield
        finally:
            if not done[0]:
                subprocess.run(["umount", folder], capture_output=True, check=True)
    else:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such rights there")
def test_a_read_only_output_folder(cli: Cli) -> None:
    target = cli.folder / "locked"
    target.mkdir()
    before = cli.files()
    with read_only(target):
        cli.refuses(cli.render("-o", "locked/out.wav"), 1, "locked", before=before)
        cli.refuses(cli.render("--report", "locked/page.html"), 1, "locked", before=before)


@contextmanager
def little_space(n_bytes: int) -> Iterator[None]:
    """No file may grow past `n_bytes`, as on a disk that fills up in the middle of writing."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up(cli: Cli) -> None:
    cli.write("song.wav", song(5.0)[:1])
    before = cli.files()
    # The temporary signal takes 160 kB.
    with little_space(100_000):
        ended = cli.render("-o", "out.wav")
    cli.refuses(ended, 1, "no space left", before=before)
    # So does the result; with an amount of 0 there is no temporary signal before it.
    with little_space(158_000):
        ended = cli.run(
            "render", "song.wav", "--style", "rain.wav", "--amount", "0", "--bits", "32f", "-o", "out.wav"
        )
    cli.refuses(ended, 1, "no space left", before=before)


def test_a_disk_that_is_full(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    before = cli.files()
    usage = shutil.disk_usage(cli.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    cli.refuses(cli.render("-o", "out.wav"), 1, "no space left", before=before)


def test_a_file_that_is_there(cli: Cli) -> None:
    (cli.folder / "song.styled.wav").write_bytes(b"mine")
    before = cli.files()
    cli.refuses(cli.render(), 1, "song.styled.wav is there already", before=before)
    cli.refuses(cli.render("--dry-run"), 1, "song.styled.wav is there already", before=before)


def test_variations_look_for_all_names_first(cli: Cli) -> None:
    (cli.folder / "song.styled.2.wav").write_bytes(b"mine")
    before = cli.files()
    ended = cli.render("--variations", 2, "-q")
    cli.refuses(ended, 1, "song.styled.2.wav is there already", before=before)


@pytest.mark.parametrize("extra", [("-o", "song.wav"), ("-o", "./rain.wav"), ("-o", "sub/../song.wav")])
@pytest.mark.parametrize("policy", ["fail", "overwrite", "rename", "skip"])
def test_an_output_that_is_an_input(cli: Cli, extra: tuple[str, ...], policy: str) -> None:
    (cli.folder / "sub").mkdir()
    before = cli.files()
    cli.refuses(cli.render(*extra, "--overwrite", policy), 2, "is an input", before=before)


@pytest.mark.parametrize("option", ["--history", "--report"])
def test_a_side_file_that_is_an_input_or_the_output(cli: Cli, option: str) -> None:
    before = cli.files()
    cli.refuses(cli.render(option, "song.wav", "--overwrite", "overwrite"), 2, "is an input", before=before)
    cli.refuses(cli.render(option, "x.wav", "-o", "x.wav"), 2, "--out and", before=before)


@pytest.mark.parametrize("option", ["--history", "--report"])
def test_a_side_file_that_is_no_file(cli: Cli, option: str) -> None:
    (cli.folder / "sub").mkdir()
    before = cli.files()
    cli.refuses(cli.render(option, ""), 2, "needs the name of a file", before=before)
    cli.refuses(cli.render(option, "sub", "--overwrite", "overwrite"), 1, "is a folder", before=before)


def test_history_and_report_are_two_files(cli: Cli) -> None:
    before = cli.files()
    cli.refuses(cli.render("--history", "a", "--report", "a"), 2, "are one file", before=before)


USAGE = {
    "unknown command": (("rendr", "song.wav"), "did you mean 'render'?"),
    "forgotten command": (("song.wav", "--style", "rain.wav"), "nast-fx render FILE"),
    "unknown option": (("render", "song.wav", "--stlye", "rain.wav"), "did you mean '--style'?"),
    "unknown option, far": (("render", "song.wav", "--wwwwwwww"), "see nast-fx render --help"),
    "misspelt method option": (("render", "song.wav", "--methd", "infinite"), "did you mean '--method'?"),
    "unknown method": (
        ("render", "song.wav", "--style", "rain.wav", "--method", "infinit"),
        "did you mean 'infinite'?",
    ),
    "unknown setting": (
        ("render", "song.wav", "--style", "rain.wav", "--set", "max_iteration=2"),
        "did you mean 'max_iterations'?",
    ),
    "setting of another method": (
        ("render", "song.wav", "--style", "rain.wav", "--set", "griffin_lim_iterations=2"),
        "there is no setting 'griffin_lim_iterations'",
    ),
    "setting without a value": (
        ("render", "song.wav", "--style", "rain.wav", "--set", "history"),
        "write it as key=value",
    ),
    "setting out of range": (
        ("render", "song.wav", "--style", "rain.wav", "--set", "n_layers=99"),
        "n_layers=99 must be at least 1 and at most 8",
    ),
    "missing content": (("render",), "CONTENT is missing"),
    "missing style": (("render", "song.wav"), "--style is missing"),
    "amount": (("render", "song.wav", "--style", "rain.wav", "--amount", "1.5"), "--amount 1.5 must be"),
    "amount in words": (
        ("render", "song.wav", "--style", "rain.wav", "--amount", "all"),
        "--amount all must",
    ),
    "not a number": (
        ("render", "song.wav", "--style", "rain.wav", "--follow", "nan"),
        "--follow nan must be",
    ),
    "overlap": (
        ("render", "song.wav", "--style", "rain.wav", "--segment", "2", "--overlap", "1.5"),
        "--overlap 1.5 must be at most 0.4 of --segment 2",
    ),
    "quality": (("render", "song.wav", "--style", "rain.wav", "--quality", "drft"), "did you mean 'draft'?"),
    "snippet": (
        ("render", "song.wav", "--style", "rain.wav", "--snippet", "all"),
        "--snippet: 'all' must be",
    ),
    "variations": (
        ("render", "song.wav", "--style", "rain.wav", "--variations", "0"),
        "--variations 0 must be",
    ),
    "bits": (("render", "song.wav", "--style", "rain.wav", "--bits", "12"), "--bits 12: must be one of"),
    "bits of mp3": (
        ("render", "song.wav", "--style", "rain.wav", "--bits", "16", "-o", "a.mp3"),
        "mp3 has no bit depth",
    ),
    "format against suffix": (
        ("render", "song.wav", "--style", "rain.wav", "--format", "flac", "-o", "a.wav"),
        "does not fit",
    ),
    "suffix": (("render", "song.wav", "--style", "rain.wav", "-o", "a.xyz"), "must be one of wav"),
    "weight": (("render", "song.wav", "--style", "rain.wav=0"), "weight=0.0 must be above 0"),
    "duration": (("texture", "rain.wav", "--duration", "0"), "--duration 0 must be above 0"),
    "no duration": (("texture", "rain.wav"), "--duration is missing"),
    "no style": (("texture", "--duration", "2"), "STYLE is missing"),
    "endless loop": (("texture", "rain.wav", "--duration", "500", "--loop"), "a loop of 500 s"),
    "methods": (("methods", "shw", "infinite"), "did you mean 'show'?"),
    "method's name": (("methods", "show", "infinte"), "did you mean 'infinite'?"),
    "files of evaluate": (("evaluate", "song.wav", "rain.wav"), "3 files, not 2"),
}


@pytest.mark.parametrize("fault", USAGE)
def test_a_wrong_request(cli: Cli, fault: str) -> None:
    args, message = USAGE[fault]
    before = cli.files()
    cli.refuses(cli.run(*args), 2, message, before=before)


def test_a_device_that_is_not_there(cli: Cli) -> None:
    import torch

    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    before = cli.files()
    cli.refuses(cli.render("-d", missing), 5, f"there is no {missing} device", before=before)
    cli.refuses(cli.render("-d", missing, "--dry-run"), 5, f"there is no {missing} device", before=before)


def test_an_error_in_json(cli: Cli) -> None:
    before = cli.files()
    ended = cli.render("--json", content="no.wav")
    *_, error = ended.objects
    assert error == {"type": "error", "message": "no.wav: there is no such file", "exit_code": 1}
    assert (ended.code, ended.err) == (1, [])
    *_, error = cli.run("rendr", "--json").objects
    assert (error["type"], error["exit_code"]) == ("error", 2)
    assert cli.files() == before


def test_a_defect_is_one_line_with_a_hint(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.render("--dry-run")  # loads the engine

    def fail(request: object, store: object) -> object:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(sys.modules["nast_fx.render"], "render_file", fail)
    monkeypatch.delenv("NAST_FX_DEBUG", raising=False)
    before = cli.files()
    cli.refuses(cli.render(), 1, "NAST_FX_DEBUG=1", before=before)
    monkeypatch.setenv("NAST_FX_DEBUG", "1")
    ended = cli.render()
    assert ended.code == 1
    assert ended.err[0].startswith("Traceback")
    assert ended.err[-1] == "error: this is a defect of nast-fx (ZeroDivisionError: a b)"
