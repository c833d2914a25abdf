"""The page on chains: every chain in it is one, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile
from test_readme import python_blocks

import nast_fx
from nast_fx.chain.run import check_chain
from nast_fx.chain.setting import Context, Controller
from nast_fx.chain.spec_file import read_chain
from nast_fx.studies.sounds import SOUNDS

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "chain.md")
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAINS = [(page.name, text) for page in PAGES for text in BLOCK.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "text"), CHAINS)
def test_every_chain_of_the_docs_can_be_run(page: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "chain.toml").write_text(text, encoding="utf-8")
    spec = read_chain(tmp_path / "chain.toml")
    assert spec.slots
    moved: dict[int, Controller] = {11: lambda seconds: 0.5}
    check_chain(spec.slots, 44_100, 2, context=Context(controllers=moved))


def test_a_chain_takes_ten_lines() -> None:
    assert len(CHAINS) == 4
    first = CHAINS[1][1].strip().splitlines()
    assert len(first) == 10
    assert CHAINS[0][1] == CHAINS[1][1]


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("song", "bells"):
        sound = SOUNDS[name](1.0, 44_100, 0)
        soundfile.write(f"{name}.wav", sound.samples.T, sound.sample_rate)
    names = {
        "nast_fx": nast_fx,
        "content": nast_fx.load_audio("song.wav"),
        "style": nast_fx.load_audio("bells.wav"),
    }
    (block,) = python_blocks(PAGES[1].read_text(encoding="utf-8"))
    exec(compile(block, "chain.md", "exec"), names)
    styled = names["styled"]
    assert isinstance(styled, nast_fx.Audio)
    assert styled.n_frames == 2 * 44_100
