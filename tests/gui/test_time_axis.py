"""The shared time axis, its ruler's marks, and peaks of a file that grows."""

from __future__ import annotations

import numpy as np
import pytest
import sound_files
from hypothesis import given
from hypothesis import strategies as st

from nast_fx.errors import AudioFileError
from nast_fx_gui.model.clock import clock_text, ticks
from nast_fx_gui.model.peaks import COARSE, Peaks
from nast_fx_gui.model.time_axis import LEAST_SPAN, TimeAxis


def axis_of(seconds: float) -> TimeAxis:
    axis = TimeAxis()
    axis.set_length(seconds)
    return axis


def test_what_is_zoomed_about_stays():
    axis = axis_of(100)
    x = axis.x_of(30, 1000)
    axis.zoom(4, 30)
    assert axis.x_of(30, 1000) == pytest.approx(x)
    assert axis.span == pytest.approx(25)
    axis.zoom(0.001, 30)
    assert (axis.start, axis.end) == (0, 100)


@given(st.lists(st.tuples(st.sampled_from(["zoom", "scroll", "follow"]), st.floats(0.01, 50)), max_size=12))
def test_view_stays_inside_of_the_sound(steps):
    axis = axis_of(20)
    for name, value in steps:
        {
            "zoom": lambda v: axis.zoom(v, min(v, 20)),
            "scroll": lambda v: axis.scroll(v - 25),
            "follow": axis.follow,
        }[name](value)
        assert 0 <= axis.start < axis.end <= 20 + 1e-9
        assert axis.span >= LEAST_SPAN - 1e-9


def test_it_tells_changes_only():
    axis = axis_of(10)
    told = []
    axis.changed.connect(lambda: told.append((axis.start, axis.end)))
    axis.show(2, 4)
    axis.show(2, 4)
    axis.follow(3)
    axis.follow(5)
    assert len(told) == 2
    assert axis.start < 5 < axis.end


def test_a_new_length_shows_all_to_who_saw_all():
    axis = axis_of(10)
    axis.set_length(30)
    assert (axis.start, axis.end) == (0, 30)
    axis.show(20, 30)
    axis.set_length(15)
    assert (axis.start, axis.end) == (5, 15)


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [(0, 0, "0:00"), (61.26, 1, "1:01.3"), (59.999, 2, "1:00.00"), (3661, 0, "1:01:01"), (-1, 0, "0:00")],
)
def test_clock(seconds, digits, text):
    assert clock_text(seconds, digits) == text


@given(st.floats(0, 4000), st.floats(0.05, 4000), st.integers(1, 30))
def test_ticks_are_round_and_few(start, span, n_most):
    found = ticks(start, start + span, n_most)
    assert len(found) <= n_most
    assert len({text for _, text in found}) == len(found)
    assert all(start - 1e-6 <= seconds <= start + span + 1e-6 for seconds, _ in found)


@pytest.mark.parametrize("n_pixels", [7, 500, 3 * 64 * COARSE])
def test_peaks_are_those_of_the_samples(tmp_path, n_pixels):
    columns = np.random.default_rng(1).normal(size=(64 * COARSE, 2, 1)).astype(np.float32)
    columns = np.concatenate([columns - 1, columns + 1], axis=2)
    peaks = Peaks(tmp_path / "p", 2, 100.0)
    for part in np.array_split(columns, 9):  # as the file grows
        sound_files.write_peaks(tmp_path / "p", part)
        peaks.grow(peaks.n_columns + len(part))
    low, high = peaks.span(np.linspace(0, peaks.seconds, n_pixels + 1))
    assert low.min() == pytest.approx(columns[..., 0].min())
    assert high.max(axis=1) == pytest.approx(columns[..., 1].max(axis=0))
    if n_pixels == 500:
        edges = (np.linspace(0, peaks.seconds, 501) * 100).astype(int)
        assert high[1, 100] == columns[edges[100] : edges[101], 1, 1].max()


def test_what_is_not_there_yet_is_silent(tmp_path):
    sound_files.write_peaks(tmp_path / "p", np.full((200, 1, 2), 0.5, np.float32))
    peaks = Peaks(tmp_path / "p", 1, 100.0)
    peaks.grow(200)
    _, high = peaks.span(np.linspace(0, 4, 5))
    assert high.tolist() == [[0.5, 0.5, 0, 0]]


def test_missing_peaks_are_one_sentence(tmp_path):
    with pytest.raises(AudioFileError, match="temporary file"):
        Peaks(tmp_path / "none", 2, 100.0).grow(10)
    sound_files.write_peaks(tmp_path / "short", np.zeros((5, 2, 2)))
    with pytest.raises(AudioFileError, match="temporary file"):
        Peaks(tmp_path / "short", 2, 100.0).grow(10)
