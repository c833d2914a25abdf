"""Recordings to measure on: real ones where this machine has them, else the project's own sounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nast_fx.audio import Audio, Samples, load_audio, resample
from nast_fx.methods import LEVEL
from nast_fx.studies.sounds import SOUNDS, song

__all__ = ["Pair", "find_pairs"]

MUSIC = Path("/usr/share/games/wesnoth/1.16/data/core/music")  # Debian's wesnoth-1.16-music
LOOPS = Path("/usr/share/sonic-pi/samples")  # Debian's sonic-pi-samples

# (content, its start in seconds, style): music to loop, music to music, beats to music, beats to beats.
REAL_PAIRS = (
    (MUSIC / "battle.ogg", 25.0, LOOPS / "loop_garzul.flac"),
    (MUSIC / "sad.ogg", 20.0, MUSIC / "knalgan_theme.ogg"),
    (LOOPS / "loop_amen_full.flac", 0.0, MUSIC / "elf-land.ogg"),
    (LOOPS / "loop_tabla.flac", 0.0, LOOPS / "loop_industrial.flac"),
    (LOOPS / "guit_em9.flac", 0.0, LOOPS / "ambi_choir.flac"),
    (MUSIC / "underground.ogg", 30.0, LOOPS / "loop_safari.flac"),
)


@dataclass(frozen=True)
class Pair:
    """A content and a style, by name."""

    name: str
    content: Audio
    style: Audio

    def mono(self, sample_rate: int, content_seconds: float, style_seconds: float) -> tuple[Samples, Samples]:
        """Give both as mono rows (1, frame) at `LEVEL`, cut or repeated to a length."""
        return (
            _mono(self.content, sample_rate, content_seconds),
            _mono(self.style, sample_rate, style_seconds),
        )


def find_pairs(count: int, seconds: float = 12.0) -> list[Pair]:
    """Load up to `count` pairs; of the project's own sounds if the real ones are not installed."""
    pairs = []
    for content, start, style in REAL_PAIRS[:count]:
        if content.exists() and style.exists():
            sounds = load_audio(content, start, seconds), load_audio(style, 0.0, seconds)
            pairs.append(Pair(f"{content.stem} -> {style.stem}", *sounds))
    if not pairs:
        made = song(seconds)
        pairs = [
            Pair(f"song -> {name}", made, make(seconds)) for name, make in SOUNDS.items() if make is not song
        ][:count]
    return pairs


def _mono(audio: Audio, sample_rate: int, seconds: float) -> Samples:
    mixed = resample(audio.samples.mean(axis=0, keepdims=True), audio.sample_rate, sample_rate)
    n_frames = round(seconds * sample_rate)
    cut = np.tile(mixed, (1, -(-n_frames // mixed.shape[1])))[:, :n_frames]
    return np.asarray(cut * (LEVEL / np.sqrt(np.mean(np.square(cut)))), dtype=np.float32)
