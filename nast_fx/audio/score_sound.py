"""A score as sound: a MIDI file played by fluidsynth with a soundfont.

The copy that is played gets an end: at the score's end every key and pedal is let go, the sound may die
away for `TAIL_SECONDS`, and then all is cut off. (A note that is never ended would sound, and the file
would grow, for ever.) Of the tail only what is heard is kept. Reverb and chorus are on, as players of
MIDI files have them; controllers 91 and 93 of the score turn them down. The level is as it comes, brought
down as a whole where it would pass `MOST_PEAK`.

What a plugin makes of a score (`nast_fx.chain.instrument`) ends and is leveled by the same functions.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import mido
import numpy as np

from nast_fx.audio.atomic import free_space_shortfall
from nast_fx.audio.block import Samples, padded_read
from nast_fx.audio.fluidsynth import N_CHANNELS, find_fluidsynth, play
from nast_fx.audio.names import shown
from nast_fx.audio.resample import resample_source
from nast_fx.audio.score import Score, read_score
from nast_fx.audio.score_file import open_midi
from nast_fx.audio.scratch import ScratchFile
from nast_fx.audio.source import AudioSource
from nast_fx.errors import AudioFileError, NoSpaceError, UsageError

__all__ = [
    "ALL_NOTES_OFF",
    "PEDAL",
    "PLUGIN_SUFFIXES",
    "TAIL_SECONDS",
    "check_playable",
    "check_soundfont",
    "check_space",
    "finished_sound",
    "render_score",
]

TAIL_SECONDS = 10.0
AUDIBLE = 10 ** (-90 / 20)
"""The tail ends where nothing louder follows."""
MOST_PEAK = 10 ** (-1 / 20)
MOST_HOURS = 24.0
LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000  # Hz; what fluidsynth renders at
BLOCK_FRAMES = 2**16
SECONDS_A_SECOND = 2.0  # of working for a second of sound, before fluidsynth is held to be stuck
START_SECONDS = 120.0  # for a large soundfont to be read
PEDAL, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123  # controllers
_FRAME_BYTES = 4 * N_CHANNELS
PLUGIN_SUFFIXES = (".vst3", ".component", ".vst", ".dll", ".so", ".clap", ".lv2")


def check_soundfont(path: str | Path) -> Path:
    """Give the soundfont at `path`, if it can be one.

    Raises
    ------
    UsageError
        It is a plugin.
    AudioFileError
        It is missing or no soundfont.
    """
    if Path(path).suffix.lower() in PLUGIN_SUFFIXES:
        raise UsageError(f"{shown(path)}: is a plugin, not a soundfont (.sf2 or .sf3)")
    if not Path(path).is_file():
        raise AudioFileError(f"{shown(path)}: there is no such soundfont")
    with open(path, "rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise AudioFileError(f"{shown(path)}: is not a soundfont (.sf2 or .sf3)")
    return Path(path)


def render_score(path: str | Path, soundfont: str | Path, sample_rate: int) -> ScratchFile:
    """Play a MIDI file into a temporary file, in bounded memory; the caller closes it.

    The same file, soundfont and rate give the same samples.

    Parameters
    ----------
    path : path
        MIDI file of format 0 or 1.
    soundfont : path
        ``.sf2``, or ``.sf3`` where fluidsynth is built for it.
    sample_rate : int
        Hz, above 0.

    Returns
    -------
    ScratchFile
        Stereo, at least as long as the score, and until its sound has died away.

    Raises
    ------
    UsageError
        The soundfont is a plugin, or the rate is not above 0.
    AudioFileError
        The score or the soundfont cannot be used, the score has no notes or is longer than a day, or
        there is no space left.
    NastFxError
        The program fluidsynth is missing.
    """
    if sample_rate <= 0:
        raise UsageError(f"sample_rate={sample_rate} must be above 0")
    score, font = read_score(path), check_soundfont(soundfont)
    check_playable(score, shown(path))
    program = find_fluidsynth("MIDI files; install the package fluidsynth")
    rate = min(max(sample_rate, LOWEST_RATE), HIGHEST_RATE)
    with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
        check_space(folder, score.seconds, rate)
        ended, sound = Path(folder) / "score.mid", Path(folder) / "sound.raw"
        _with_end(path, score.seconds).save(ended)
        most_seconds = START_SECONDS + SECONDS_A_SECOND * (score.seconds + TAIL_SECONDS)
        play(
            program,
            ended,
            sound,
            soundfont=font,
            sample_rate=rate,
            has_effects=True,
            most_seconds=most_seconds,
        )
        result = finished_sound(_RawFile(sound, rate), score.seconds, shown(font))
    if rate == sample_rate:
        return result
    with result:
        return resample_source(result, sample_rate)


def check_playable(score: Score, name: str) -> None:
    """Check that a score has notes, and an end in sight; `name` is what messages call it.

    Raises
    ------
    AudioFileError
        It has no notes, or is longer than a day.
    """
    if not score.n_notes:
        raise AudioFileError(f"{name}: the MIDI file has no notes")
    if score.seconds > MOST_HOURS * 3600:
        raise AudioFileError(f"{name}: the MIDI file is longer than {MOST_HOURS:g} hours")


def check_space(folder: str | Path, seconds: float, sample_rate: int) -> None:
    """Check that `folder` has room for the raw sound of a score of so many seconds, and the finished one.

    Raises
    ------
    NoSpaceError
        It has not.
    """
    n_bytes = 2 * round((seconds + TAIL_SECONDS) * sample_rate) * _FRAME_BYTES
    if missing := free_space_shortfall(folder, n_bytes):
        raise NoSpaceError(
            f"{shown(folder)}: no space left on the disk to render the score; "
            f"{missing / 2**20:.0f} MiB are missing"
        )


def finished_sound(raw: AudioSource, seconds: float, name: str) -> ScratchFile:
    """Take the sound of a score without the silent rest of its tail, and at most `MOST_PEAK` loud.

    Parameters
    ----------
    raw : AudioSource
        Sound with its whole tail.
    seconds : float
        Length of the score; the result is no shorter.
    name : str
        What messages call the instrument.

    Returns
    -------
    ScratchFile
        With the channels of `raw`; the caller closes it.

    Raises
    ------
    AudioFileError
        The sound is too short, not finite, or silent; or there is no space left.
    """
    n_least = round(seconds * raw.sample_rate)
    peak, last = 0.0, 0
    for start in range(0, raw.n_frames, BLOCK_FRAMES):
        level = np.abs(raw.read(start, min(BLOCK_FRAMES, raw.n_frames - start))).max(axis=0)
        peak = float(np.maximum(peak, level.max()))  # max() would lose what is no number
        if (heard := np.flatnonzero(level > AUDIBLE)).size:
            last = start + int(heard[-1]) + 1
    if not np.isfinite(peak) or raw.n_frames < n_least:
        raise AudioFileError(f"{name}: cannot render the score: the sound is cut short or broken")
    if peak <= AUDIBLE:
        raise AudioFileError(f"{name}: the score is silent with this instrument")
    gain = np.float32(min(1.0, MOST_PEAK / peak))
    result = ScratchFile(raw.sample_rate, raw.n_channels, max(n_least, last, 1))
    try:
        for start in range(0, result.n_frames, BLOCK_FRAMES):
            result.write(start, gain * raw.read(start, min(BLOCK_FRAMES, result.n_frames - start)))
    except BaseException:
        result.close()
        raise
    return result


class _RawFile:
    """A source: raw float32 frames of two channels."""

    def __init__(self, path: Path, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.n_channels = N_CHANNELS
        self.n_frames = path.stat().st_size // _FRAME_BYTES
        self._path = path

    def read(self, start: int, n_frames: int) -> Samples:
        """Read frames (channel, n_frames); zeros outside of the signal."""
        return padded_read(start, n_frames, (self.n_channels, self.n_frames), self._fetch)

    def _fetch(self, start: int, n_frames: int) -> Samples:
        count, offset = n_frames * N_CHANNELS, start * _FRAME_BYTES
        frames = np.fromfile(self._path, dtype="<f4", count=count, offset=offset)
        return np.asarray(frames.reshape(-1, N_CHANNELS).T, dtype=np.float32)


def _with_end(path: str | Path, seconds: float) -> mido.MidiFile:
    """The score with a track that lets all keys go at its end, and cuts all sound after the tail."""
    file = open_midi(path)
    last_tempo = next((m.tempo for m in reversed(file.merged_track) if m.type == "set_tempo"), 500_000)
    end = sum(message.time for message in file.merged_track)
    tail = round(mido.second2tick(TAIL_SECONDS, file.ticks_per_beat, last_tempo))
    ending = mido.MidiTrack()
    for time, numbers in ((end, (PEDAL, ALL_NOTES_OFF)), (tail, (ALL_SOUND_OFF,))):
        events = [
            mido.Message("control_change", channel=channel, control=number)
            for number in numbers
            for channel in range(16)
        ]
        events[0].time = time
        ending += events
    return mido.MidiFile(type=1, ticks_per_beat=file.ticks_per_beat, tracks=[*file.tracks, ending])
