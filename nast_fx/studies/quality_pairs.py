"""The fixed bench of pairs on which sound quality is judged.

Six kinds of task, six pairs of each, of recordings that a Debian machine can install: `sonic-pi-samples`,
`wesnoth-1.16-music`, speech of `espeak-ng`, and scores played by `fluidsynth` with `timgm6mb-soundfont`. All
contents are stereo, at 44.1 or 48 kHz. The last two pairs of each kind are held out: settings are chosen on
the other 24, and bounds are read on these 12.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nast_fx.audio import Audio, Samples, load_audio, resample
from nast_fx.audio.fluidsynth import find_soundfont
from nast_fx.audio.score_sound import render_score
from nast_fx.errors import NastFxError
from nast_fx.models.key import parse_key
from nast_fx.studies.key_scores import compose
from nast_fx.studies.recordings import LOOPS, MUSIC, Pair

__all__ = ["KINDS", "SECONDS", "BenchPair", "bench_pairs", "load_pairs"]

SECONDS = 6.0
KINDS = ("music", "drums", "voice", "texture", "dense", "silence")
N_HELD_OUT = 2  # the last ones of each kind
SOUNDFONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")


class Sound(ABC):
    """What can be had on this machine, or not."""

    name: str

    @abstractmethod
    def load(self, sample_rate: int) -> Audio:
        """Make or read at most `SECONDS` of it, stereo, at a rate in Hz."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether this machine can make it."""


@dataclass(frozen=True)
class Recorded(Sound):
    """A part of a file; a loop is played again until it is long enough."""

    path: Path
    start_seconds: float = 0.0

    @property
    def name(self) -> str:  # type: ignore[override]
        """Name of the file."""
        return self.path.stem

    def is_there(self) -> bool:
        """Whether the file is installed."""
        return self.path.exists()

    def load(self, sample_rate: int) -> Audio:
        """Read it."""
        part = load_audio(self.path, self.start_seconds, SECONDS)
        return _finished(part, sample_rate)


@dataclass(frozen=True)
class Spoken(Sound):
    """A sentence, in the middle of the picture; ends in silence if it is short."""

    name: str
    text: str
    voice: str = "en"
    words_per_minute: int = 150

    def is_there(self) -> bool:
        """Whether espeak-ng is installed."""
        return shutil.which("espeak-ng") is not None

    def load(self, sample_rate: int) -> Audio:
        """Speak it."""
        with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
            path = Path(folder) / "speech.wav"
            speed, place = str(self.words_per_minute), str(path)
            command = ["espeak-ng", "-v", self.voice, "-s", speed, "-w", place, self.text]
            subprocess.run(command, check=True, capture_output=True)
            speech = load_audio(path)
        n_missing = max(0, round(SECONDS * speech.sample_rate) - speech.samples.shape[1])
        padded = np.pad(speech.samples, ((0, 0), (0, n_missing)))
        return _finished(Audio(padded, speech.sample_rate), sample_rate)


@dataclass(frozen=True)
class Played(Sound):
    """A few bars of a score, through a soundfont."""

    key: str
    seed: int
    arrangement: str = "band"

    @property
    def name(self) -> str:  # type: ignore[override]
        """Key and arrangement."""
        return f"{self.arrangement} in {self.key}"

    def is_there(self) -> bool:
        """Whether fluidsynth and the soundfont are installed."""
        return shutil.which("fluidsynth") is not None and SOUNDFONT.exists()

    def load(self, sample_rate: int) -> Audio:
        """Play it."""
        piece = compose(parse_key(self.key), self.arrangement, self.seed, cents=0.0)
        with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
            path = Path(folder) / "piece.mid"
            piece.score.save(path)
            with render_score(path, find_soundfont(SOUNDFONT), sample_rate) as sound:
                return _finished(Audio(sound.read(0, round(SECONDS * sample_rate)), sample_rate), sample_rate)


@dataclass(frozen=True)
class Struck(Sound):
    """Single hits with digital silence between them, each cut off after a while."""

    name: str
    hits: tuple[str, ...]
    step_seconds: float
    longest_seconds: float

    def is_there(self) -> bool:
        """Whether all recordings are installed."""
        return all((LOOPS / f"{hit}.flac").exists() for hit in self.hits)

    def load(self, sample_rate: int) -> Audio:
        """Put them one after the other, from left to right and back."""
        n_frames = round(SECONDS * sample_rate)
        result = np.zeros((2, n_frames), dtype=np.float32)
        for index, start in enumerate(np.arange(0.1, SECONDS, self.step_seconds)):
            path = LOOPS / f"{self.hits[index % len(self.hits)]}.flac"
            hit = _finished(load_audio(path, 0.0, self.longest_seconds), sample_rate, fill=False).samples
            fade = np.minimum(1.0, np.arange(hit.shape[1], 0, -1) / (0.02 * sample_rate))
            first = round(start * sample_rate)
            part = (hit * fade)[:, : n_frames - first]
            pan = 0.3 * np.sin(index)
            result[:, first : first + part.shape[1]] += part * np.array([[1 - pan], [1 + pan]])
        return Audio(np.asarray(0.8 * result / np.abs(result).max(), dtype=np.float32), sample_rate)


def _finished(audio: Audio, sample_rate: int, *, fill: bool = True) -> Audio:
    """Bring to a rate and to two channels; repeated to `SECONDS` where asked for."""
    samples: Samples = resample(audio.samples, audio.sample_rate, sample_rate)
    if len(samples) == 1:
        samples = np.repeat(samples, 2, axis=0)
    n_frames = round(SECONDS * sample_rate)
    if fill:
        samples = np.tile(samples, (1, -(-n_frames // samples.shape[1])))
    return Audio(np.ascontiguousarray(samples[:, :n_frames]), sample_rate)


@dataclass(frozen=True)
class BenchPair:
    """A content, a style, and what kind of task that is.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    sample_rate : int
        Hz, of the content and the style.
    is_held_out : bool
        No setting was chosen on it.
    is_pitched : bool
        The content has a harmony that can be kept.
    """

    kind: str
    content: Sound
    style: Sound
    sample_rate: int
    is_held_out: bool
    is_pitched: bool

    @property
    def name(self) -> str:
        """Content and style."""
        return f"{self.content.name} -> {self.style.name}"

    def load(self) -> Pair:
        """Make or read both."""
        return Pair(self.name, self.content.load(self.sample_rate), self.style.load(self.sample_rate))


def _music(name: str, start_seconds: float = 10.0) -> Recorded:
    return Recorded(MUSIC / f"{name}.ogg", start_seconds)


def _loop(name: str) -> Recorded:
    return Recorded(LOOPS / f"{name}.flac")


def _spoken(name: str, voice: str, text: str, words_per_minute: int = 150) -> Spoken:
    return Spoken(name, text, voice, words_per_minute)


PAUSED = "Wait. ... ... Listen. ... ... Now it begins. ... ... Stop."
RAIN = "The rain had been falling since the morning, and nobody in the house had said a word about it."
TRAIN = "Ladies and gentlemen, the train on platform nine is about to leave for the coast."
NIGHT = "In der Nacht war der Wald ganz still, nur der Fluss rauschte unter der alten Steinbrücke."
COUNT = "One, two, three, four, five, six, seven, eight, nine, ten, and back to one again."
ROBOT = "We are the machines. We do not sleep, we do not eat, we never forget a single note."
MARKET = "Le marché commence à l'aube, quand les premières charrettes arrivent sur la place du village."

TASKS: dict[str, tuple[tuple[Sound, Sound], ...]] = {
    "music": (
        (_music("battle", 25.0), _music("elf-land", 5.0)),
        (_music("sad"), _music("knalgan_theme", 40.0)),
        (_music("underground", 30.0), _music("the_dangerous_symphony", 60.0)),
        (Played("A minor", 3), _music("northerners", 30.0)),
        (_music("love_theme"), _music("vengeful", 40.0)),
        (_music("traveling_minstrels", 20.0), _music("into_the_shadows", 30.0)),
    ),
    "drums": (
        (_loop("loop_amen_full"), _loop("loop_industrial")),
        (_loop("loop_compus"), _loop("loop_mika")),
        (_loop("loop_breakbeat"), _loop("loop_tabla")),
        (_loop("loop_mehackit1"), _loop("loop_garzul")),
        (_loop("loop_electric"), _loop("loop_perc1")),
        (_loop("loop_safari"), _loop("loop_amen")),
    ),
    "voice": (
        (_spoken("rain speech", "en", RAIN), _music("revelation", 20.0)),
        (_spoken("train speech", "en+f3", TRAIN), _music("suspense", 60.0)),
        (_spoken("night speech", "de", NIGHT), _loop("ambi_glass_hum")),
        (_spoken("count speech", "en+m3", COUNT, 170), _loop("loop_garzul")),
        (_spoken("robot speech", "en+m7", ROBOT, 160), _music("the_city_falls", 50.0)),
        (_spoken("market speech", "fr", MARKET), _loop("guit_em9")),
    ),
    "texture": (
        (_music("wanderer", 30.0), _loop("vinyl_hiss")),
        (_music("elvish-theme", 20.0), _loop("ambi_lunar_land")),
        (_loop("loop_mika"), _loop("ambi_sauna")),
        (Played("D major", 7, "electric"), _loop("loop_3d_printer")),
        (_music("nunc_dimittis", 40.0), _loop("ambi_haunted_hum")),
        (_music("heroes_rite", 30.0), _loop("misc_cineboom")),
    ),
    "dense": (
        (_loop("guit_em9"), _music("frantic", 30.0)),
        (_loop("ambi_piano"), _music("battle-epic", 20.0)),
        (Played("E minor", 11), _music("siege_of_laurelmor", 60.0)),
        (_loop("perc_bell"), _music("casualties_of_war", 60.0)),
        (_loop("guit_e_fifths"), _music("the_king_is_dead", 60.0)),
        (_music("silvan_sanctuary", 10.0), _loop("loop_compus")),
    ),
    "silence": (
        (_loop("loop_tabla"), _loop("loop_industrial")),
        (Spoken("paused speech", PAUSED, "en", 130), _loop("loop_safari")),
        (Struck("struck bells", ("perc_bell", "elec_chime"), 1.5, 0.9), _music("transience")),
        (Struck("kicks and snares", ("bd_haus", "drum_snare_hard"), 0.75, 0.3), _loop("loop_weirdo")),
        (Struck("plucked bass", ("bass_hit_c", "bass_hard_c"), 1.0, 0.5), _music("loyalists", 30.0)),
        (Struck("tabla strokes", ("tabla_na", "tabla_ghe5", "tabla_te1"), 0.8, 0.4), _loop("ambi_choir")),
    ),
}
UNPITCHED = {"loop_amen_full", "loop_breakbeat", "loop_mehackit1", "loop_compus", "kicks and snares"}


def bench_pairs() -> Iterator[BenchPair]:
    """Give all pairs, kind by kind; of every kind the odd ones are at 48 kHz."""
    for kind in KINDS:
        tasks = TASKS[kind]
        for index, (content, style) in enumerate(tasks):
            rate = 44_100 if index % 2 == 0 else 48_000
            is_held_out = index >= len(tasks) - N_HELD_OUT
            is_pitched = kind not in ("drums", "voice") and content.name not in UNPITCHED
            yield BenchPair(kind, content, style, rate, is_held_out, is_pitched)


def load_pairs() -> list[BenchPair]:
    """Give the pairs that this machine has.

    Raises
    ------
    NastFxError
        It has none.
    """
    found = [pair for pair in bench_pairs() if pair.content.is_there() and pair.style.is_there()]
    if not found:
        raise NastFxError(
            "no recordings to judge on: install sonic-pi-samples, wesnoth-1.16-music, espeak-ng, fluidsynth "
            "and timgm6mb-soundfont"
        )
    return found
