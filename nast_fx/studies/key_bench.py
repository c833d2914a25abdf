"""Measure the key: on rendered scores whose key is known, and against essentia on real tracks.

The weighted score is that of MIREX and mir_eval: 1 for the right key, 0.5 for the one a fifth above, 0.3
for the relative and 0.2 for the parallel one. Constants of the analysis were set on the pieces of seeds
1 to 3; what is measured here are other ones.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nast_fx.analysis.key import KeyEstimate, detect_key
from nast_fx.analysis.mono import mono_of
from nast_fx.audio import AudioSource, ScratchFile, open_source, resample_source
from nast_fx.audio.fluidsynth import SOUNDFONT_FOLDER, find_soundfont
from nast_fx.audio.score_sound import render_score
from nast_fx.errors import AudioFileError
from nast_fx.models.key import Key, parse_key
from nast_fx.progress import Progress, Steps
from nast_fx.studies.key_page import KeyFigures, Track, Trial, key_page
from nast_fx.studies.key_scores import ARRANGEMENTS, Piece, compose, modulate, twenty_four_keys
from nast_fx.studies.recordings import MUSIC

__all__ = ["HELD_OUT", "SOUNDFONT", "key_bench", "modulating_pieces", "pieces", "sound_of", "tuned_pieces"]

SOUNDFONT = "TimGM6mb.sf2"
RATE = 44_100  # Hz
HELD_OUT = (11, 12)  # seeds
N_TRACKS = 20
# Semitones up.
MODULATIONS = {
    "minor third up": 3,
    "minor third down": 9,
    "to the dominant": 7,
    "to the subdominant": 5,
    "whole tone up": 2,
    "semitone up": 1,
}
TUNINGS = (-45.0, -30.0, -10.0, 0.0, 10.0, 30.0, 45.0)  # cents
PROFILES = ("bgate", "edma")  # essentia's default, and the one that it has for electronic music

Oracle = Mapping[str, Callable[[AudioSource], Key]]


def pieces(seed: int) -> list[Piece]:
    """Write 48 pieces: every key in every arrangement."""
    return [compose(key, arrangement, seed) for arrangement in ARRANGEMENTS for key in twenty_four_keys()]


def modulating_pieces(seed: int) -> list[Piece]:
    """Write 12 pieces that change their key once: every modulation, from a major and from a minor key."""
    arrangements, keys = list(ARRANGEMENTS), twenty_four_keys()
    found = []
    for index, semitones in enumerate([*MODULATIONS.values(), *MODULATIONS.values()]):
        first = keys[(5 * index + seed) % 12 + 12 * (index // len(MODULATIONS))]
        both = (first, first.transposed(semitones))
        found.append(modulate(both, arrangements[index % len(arrangements)], seed))
    return found


def tuned_pieces(seed: int) -> list[Piece]:
    """Write a piece in every arrangement at every one of `TUNINGS`."""
    keys = twenty_four_keys()
    return [
        compose(keys[(7 * index + seed) % 24], arrangement, seed, cents=cents)
        for arrangement in ARRANGEMENTS
        for index, cents in enumerate(TUNINGS)
    ]


def sound_of(piece: Piece) -> ScratchFile:
    """Render a piece to one channel, as `detect_key` takes it; the caller closes it.

    Raises
    ------
    NastFxError
        The program fluidsynth or its soundfont is missing.
    """
    with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
        score = Path(folder) / "piece.mid"
        piece.score.save(score)
        with render_score(score, find_soundfont(SOUNDFONT_FOLDER / SOUNDFONT), RATE) as sound:
            return mono_of(sound, piece.name)


def key_bench(output: Path | None) -> Steps[str]:
    """Run all measurements and write the page.

    Parameters
    ----------
    output : Path or None
        Markdown file to write; None writes nothing.

    Returns
    -------
    str
        The page.

    Raises
    ------
    NastFxError
        The program fluidsynth or its soundfont is missing.
    """
    oracle = _essentia()
    held_out = [piece for seed in HELD_OUT for piece in pieces(seed)]
    trials = yield from _trials(held_out, oracle)
    modulating = yield from _trials(modulating_pieces(HELD_OUT[0]), {})
    tuned = yield from _trials(tuned_pieces(HELD_OUT[0]), {})
    tracks = yield from _tracks(oracle)
    page = key_page(KeyFigures(trials, modulating, tuned, tracks, tuple(oracle), HELD_OUT))
    if output is not None:
        output.write_text(page, encoding="utf-8")
    return page


def _trials(chosen: Sequence[Piece], oracle: Oracle) -> Steps[list[Trial]]:
    trials = []
    for index, piece in enumerate(chosen):
        yield Progress("bench", share=index / len(chosen), note=piece.name)
        with sound_of(piece) as mono:
            found, _ = yield from _timed(mono)
            trials.append(Trial(piece, found, {name: find(mono) for name, find in oracle.items()}))
    return trials


def _tracks(oracle: Oracle) -> Steps[list[Track]]:
    tracks: list[Track] = []
    for path in sorted(MUSIC.glob("*.ogg")):
        yield Progress("bench", share=len(tracks) / N_TRACKS, note=path.stem)
        try:
            with open_source(path) as source, mono_of(source, path.stem) as mono:
                found, seconds = yield from _timed(mono)
                others = {name: find(mono) for name, find in oracle.items()}
                tracks.append(Track(path.stem, found, others, mono.n_frames / mono.sample_rate, seconds))
        except AudioFileError:  # a damaged file is none of the 20
            continue
        if len(tracks) == N_TRACKS:
            break
    return tracks


def _timed(mono: AudioSource) -> Steps[tuple[KeyEstimate, float]]:
    """Detect the key, and count the seconds of working that it took."""
    began = time.process_time()
    found = yield from detect_key(mono)
    return found, time.process_time() - began


def _essentia() -> Oracle:
    """Detectors of essentia, where it can be imported; none else."""
    try:
        importlib.import_module("essentia").log.infoActive = False
        algorithms: Any = importlib.import_module("essentia.standard")
    except ImportError:
        return {}

    def find(profile: str, mono: AudioSource) -> Key:
        with resample_source(mono, RATE) as sound:
            samples = sound.read(0, sound.n_frames)[0]
        name, scale, _ = algorithms.KeyExtractor(profileType=profile)(samples)
        return parse_key(f"{name} {scale}")

    return {profile: partial(find, profile) for profile in PROFILES}
