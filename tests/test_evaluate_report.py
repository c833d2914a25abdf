from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nast_fx.audio import Audio
from nast_fx.errors import AudioFileError
from nast_fx.evaluate import Evaluation, Figures, save_spectrograms, write_report
from nast_fx.evaluate.explanations import EXPLANATIONS
from nast_fx.evaluate.plots import loss_figure, spectrogram_figure
from nast_fx.evaluate.spectrogram import F_MIN, log_spectrogram

PNG = b"\x89PNG\r\n\x1a\n"
EVALUATION = Evaluation(
    output=Figures(style_residual=0.123, silence_noise_db=-36.04, frames=44_100, peak=0.5, finite=True),
    match_eq=Figures(style_residual=0.456, frames=44_100),
    content=Figures(style_residual=1.0, frames=44_100),
)


def tone(hz: float, seconds: float = 1.0, rate: int = 22_050) -> Audio:
    return Audio(0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)[None], rate)


def write(path: Path, **changes: Any) -> str:
    write_report(
        path,
        **(
            {
                "title": "A title",
                "facts": {"Seed": 3, "Seconds": 1.23456},
                "evaluation": EVALUATION,
                "content": tone(440),
                "style": tone(1000),
                "output": tone(700),
                "history": [{"step": n, "total": 1 / n, "content": n - 1.0} for n in range(1, 9)],
                "notes": ["One note."],
            }
            | changes
        ),
    )
    return path.read_text(encoding="utf-8")


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes a second a report; a test that reads the words can do without."""
    monkeypatch.setattr("nast_fx.evaluate.report.png", lambda figure: PNG)


class Page(HTMLParser):
    """Collects the tags, the addresses and the open elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]
        if tag not in ("meta", "img", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_report_is_one_whole_page_with_its_pictures_inside(tmp_path: Path) -> None:
    page = Page(write(tmp_path / "report.html"))
    assert page.open == []
    assert not {"script", "link", "iframe"} & set(page.tags)
    # Spectrograms and losses, each for a light and a dark page.
    assert len(page.addresses) == 4
    for address in page.addresses:
        kind, data = address.split(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(PNG)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("no_pictures")
def test_report_explains_every_figure_for_every_candidate(tmp_path: Path) -> None:
    text = write(tmp_path / "report.html")
    words = Page(text).words
    for meaning in EXPLANATIONS.values():
        assert meaning.label in words
        assert meaning.sentence in words
        assert meaning.better in words
    assert "0.123" in words
    assert "0.456" in words
    assert "\N{MINUS SIGN}36.0\xa0dB" in words
    assert text.count('class="number output"') == len(EXPLANATIONS)
    assert "prefers-color-scheme: dark" in text
    assert "1.235" in words


def test_every_figure_has_an_explanation() -> None:
    assert list(EXPLANATIONS) == list(Figures().as_dict())


@pytest.mark.usefixtures("no_pictures")
def test_what_a_user_names_cannot_become_markup(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script> & \"quotes\" \udcff"
    text = write(tmp_path / "r.html", title=evil, facts={evil: evil}, notes=[evil])
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 5


@pytest.mark.usefixtures("no_pictures")
def test_report_leaves_out_what_there_is_not(tmp_path: Path) -> None:
    texture = Evaluation(EVALUATION.output, Figures(), Figures())
    text = write(tmp_path / "r.html", evaluation=texture, content=None, history=None, notes=[])
    assert "Losses" not in text
    assert "Notes" not in text
    assert "Untouched" not in text
    assert "Spectrograms of style, result" in text
    bare = write(tmp_path / "r.html", evaluation=None, facts={}, history=[])
    assert "<h2>Figures</h2>" not in bare
    assert "Losses" not in bare


@pytest.mark.usefixtures("no_pictures")
def test_a_failed_report_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = write(tmp_path / "r.html")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(AudioFileError, match=r"r\.html"):
        write(tmp_path / "r.html", title="Another")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == old
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="nowhere"):
        save_spectrograms(tmp_path / "nowhere" / "x.png", {"Tone": tone(440)})


def test_spectrograms_are_a_picture_whatever_the_titles_and_files(tmp_path: Path) -> None:
    silent, tiny = Audio(np.zeros((2, 4410)), 44_100), Audio(np.full((1, 1), 0.5), 8000)
    broken = Audio(np.array([[np.nan, np.inf, 0.5] * 2000]), 48_000)
    titles = ("$x_1$", "_hidden", "\u97f3\u697d", "two\nlines", "")
    audios = dict(zip(titles, (tone(440), silent, tiny, broken, Audio(np.zeros((1, 0)), 8000)), strict=True))
    save_spectrograms(tmp_path / "x.png", audios, dpi=40)
    assert (tmp_path / "x.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("rate", [22_050, 48_000])
@pytest.mark.parametrize("hz", [60.0, 440.0, 5000.0])
def test_a_tone_is_a_line_at_its_own_height(hz: float, rate: int) -> None:
    f_max = 11_025.0
    picture = log_spectrogram(tone(hz, 2.0, rate), f_max)
    row = picture[:, 5:-5].mean(axis=1).argmax()
    seen = F_MIN * (f_max / F_MIN) ** ((row + 0.5) / len(picture))
    assert abs(seen - hz) <= max(0.02 * hz, 6)


def test_level_in_the_picture_does_not_depend_on_time_scale() -> None:
    short, long = (log_spectrogram(tone(1000, seconds), 11_025.0) for seconds in (1.0, 60.0))
    assert long.shape[1] <= 1000
    assert short.max() == pytest.approx(long.max(), abs=0.5)


def test_a_click_in_a_long_file_is_seen_where_it_is() -> None:
    samples = np.zeros((1, 22_050 * 60), dtype=np.float32)
    samples[0, samples.size // 4] = 1
    picture = log_spectrogram(Audio(samples, 22_050), 11_025.0)
    column = picture.mean(axis=0).argmax()
    assert column / picture.shape[1] == pytest.approx(0.25, abs=0.003)


def test_content_and_result_share_a_time_axis_and_the_style_has_its_own() -> None:
    audios = {"Content": tone(440, 1.0), "Style": tone(440, 3.0), "Result": tone(440, 1.5)}
    panels = spectrogram_figure(audios, shared_time={"Content", "Result"}).axes[:3]
    assert [panel.get_xlim()[1] for panel in panels] == pytest.approx([1.5, 3.0, 1.5])
    images = [panel.get_images()[0] for panel in panels]
    assert {image.get_clim() for image in images} == {(-80.0, 0.0)}
    assert max(image.get_array().max() for image in images) == pytest.approx(0)


def test_a_silent_file_is_dark() -> None:
    panel = spectrogram_figure({"Silence": Audio(np.zeros((1, 22_050)), 22_050)}).axes[0]
    assert panel.get_images()[0].get_array().max() <= -80


def test_loss_axis_is_logarithmic_and_skips_what_is_no_number() -> None:
    history = [{"step": 0, "style": 1.0, "content": 0.0}, {"step": 5, "style": 0.1, "content": np.inf}]
    panel = loss_figure(history).axes[0]
    assert panel.get_yscale() == "log"
    assert [line.get_label() for line in panel.get_lines()] == ["style", "content"]
    assert panel.get_lines()[0].get_xdata().tolist() == [0, 5]
    assert np.isnan(panel.get_lines()[1].get_ydata()).all()
    assert loss_figure([{"style": -1.0}, {"style": 2.0}]).axes[0].get_yscale() == "linear"


def test_steps_that_start_over_are_counted_on() -> None:
    history = [{"segment": s, "step": n, "total": 1.0} for s in range(2) for n in range(3)]
    lines = loss_figure(history).axes[0].get_lines()
    assert len(lines) == 1
    assert lines[0].get_xdata().tolist() == [0, 1, 2, 3, 4, 5]


def test_importing_the_figures_does_not_import_matplotlib() -> None:
    import subprocess
    import sys

    code = "import sys, nast_fx.evaluate; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"False\s*", done.stdout)
