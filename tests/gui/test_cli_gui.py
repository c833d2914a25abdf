from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nast_fx.cli import gui, main


def run(args: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["gui", *args])
    return code, capsys.readouterr().err


def ends_with(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let other code than ours look for a display."""
    monkeypatch.setattr(gui, "own_command", lambda *_module: [sys.executable, "-c", code])


def test_no_display_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in gui.DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    code, text = run([], capsys)
    assert code == 1
    assert "there is no display" in text
    assert len(text.strip().splitlines()) == 1


def test_a_missing_file_opens_no_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run([str(tmp_path / "none.wav")], capsys)
    assert (code, "no such file" in text) == (1, True)


def test_qt_that_cannot_load_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(monkeypatch, "raise ImportError('libEGL.so.1: cannot open')")
    code, text = run([], capsys)
    assert code == 1
    assert "libEGL.so.1" in text
    assert "PyQt6 cannot open a window" in text
    ends_with(monkeypatch, "import sys; sys.exit('qt.qpa.plugin: xcb-cursor0 is needed.\\nmore')")
    code, text = run([], capsys)
    assert (code, len(text.strip().splitlines())) == (1, 1)
    assert text.strip().endswith("xcb-cursor0 is needed")


def test_the_window_gets_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []

    def pretend(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, len(ran) - 1, "", "")

    monkeypatch.setattr(subprocess, "run", pretend)
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    code, text = run([str(tmp_path / "song.wav")], capsys)
    assert ran[-1][1:] == ["-P", "-m", "nast_fx_gui", str(tmp_path / "song.wav")]
    assert (code, "exit code 1" in text) == (1, True)
