from __future__ import annotations

import re
from pathlib import Path

import pytest

from nast_fx.studies.sounds import SOUNDS

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_blocks(text: str) -> list[str]:
    """Every ```python block, moved down to its own line numbers so that a traceback points into the page."""
    return ["\n" * text[: block.start(1)].count("\n") + block.group(1) for block in BLOCK.finditer(text)]


def test_blocks_keep_their_lines() -> None:
    text = "words\n```python\na = 1\n```\n```sh\nno\n```\n```python\nb = 2\n```\n"
    assert python_blocks(text) == ["\n\na = 1\n", "\n" * 8 + "b = 2\n"]


def test_readme_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one namespace, in a folder that holds ``song.wav`` and the styles, ``rain.wav`` and so on."""
    if not README.is_file():
        pytest.skip("README.md is not written yet")
    import soundfile

    blocks = python_blocks(README.read_text(encoding="utf-8"))
    assert blocks, "README.md has no ```python block"
    monkeypatch.chdir(tmp_path)
    for name, sound in SOUNDS.items():
        audio = sound(2.0, 44100, 0)
        soundfile.write(f"{name}.wav", audio.samples.T, audio.sample_rate)
    namespace = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), namespace)
