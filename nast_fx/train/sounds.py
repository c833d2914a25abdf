"""Ten kinds of sound, from what Debian has: speech, recordings of instruments and places, a soundfont.

Vedak & Bhatia trained on ten classes of urban sounds, which cannot be passed on with a program. Ours:
speech of espeak-ng's voices, held out by speaker; four groups of Sonic Pi's samples, held out by file;
five families of a soundfont, held out by pitch.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nast_fx.audio import Samples, load_audio, resample
from nast_fx.errors import NastFxError
from nast_fx.progress import Progress, Steps
from nast_fx.train.clips import Clip, ClipSet
from nast_fx.train.files import FileClips, Recording
from nast_fx.train.general_midi import FAMILIES
from nast_fx.train.notes import NoteClips
from nast_fx.train.soundfont import Note

__all__ = ["MergedClips", "SpeechClips", "ten_sounds"]

SAMPLES = Path("/usr/share/sonic-pi/samples")
SAMPLE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "ambience": ("ambi_", "vinyl_hiss", "loop_drone"),
    "beats": ("loop_",),
    "drum hits": ("bd_", "sn_", "drum_"),
    "tabla": ("tabla_",),
}
NOT_BEATS = ("loop_3d_printer", "loop_drone", "loop_tabla")  # a machine, a drone; and tablas

SPEAKERS = tuple(f"{sex}{number}" for sex, count in (("f", 5), ("m", 8)) for number in range(1, count + 1))
TEXTS = (
    "The first train of the morning leaves before the sun is up, and hardly anybody sits in it.",
    "Please bring two loaves of bread, a bag of apples, and whatever the market has today.",
    "Nobody could say afterwards who had opened the window, but all of them had heard the bell.",
    "When the river froze we walked across it, slowly, listening for every crack under our feet.",
    "Seven, fourteen, twenty one, twenty eight: she counted the stairs as she always did.",
    "Is that your answer? Then there is nothing more to discuss; good night, and thank you.",
)
SPEEDS = (150, 175)  # words a minute

FAMILY_PITCHES = (41, 46, 51, 55, 60, 64, 69, 74)
FAMILY_STROKES = ((70, 1.2), (110, 2.4))  # velocity, seconds held; in turn


class SpeechClips(ClipSet):
    """Sentences of espeak-ng's English voices; the group is the speaker."""

    label = "speech"
    split = "by speaker"
    licence = "GPL-3.0 (espeak-ng)"

    def __init__(self) -> None:
        self.spoken = [
            (speaker, text, SPEEDS[number % len(SPEEDS)])
            for speaker in SPEAKERS
            for number, text in enumerate(TEXTS)
        ]
        self.clips = tuple(Clip(self.label, f"speaker {speaker}") for speaker, _, _ in self.spoken)
        self.data = f"{len(self.spoken)} sentences of {len(SPEAKERS)} espeak-ng voices"

    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        """Let each sentence be spoken (clip, frame)."""
        program = shutil.which("espeak-ng")
        if program is None:
            raise NastFxError("the program espeak-ng is not installed; it speaks the class speech")
        result = np.zeros((len(self.spoken), round(sample_rate * seconds)), dtype=np.float32)
        with tempfile.TemporaryDirectory(prefix="nast-fx-") as folder:
            path = Path(folder) / "speech.wav"
            for index, (speaker, text, speed) in enumerate(self.spoken):
                if index % 10 == 0:
                    yield Progress("read", step=index, n_steps=len(self.spoken), note="speaking")
                command: Sequence[str | Path] = [
                    program,
                    "-v",
                    f"en-us+{speaker}",
                    "-s",
                    str(speed),
                    "-w",
                    path,
                ]
                done = subprocess.run([*command, text], capture_output=True, text=True, check=False)
                if done.returncode or not path.is_file():
                    raise NastFxError(f"espeak-ng does not speak: {done.stderr.strip() or done.returncode}")
                audio = load_audio(path, 0.0, seconds)
                mono = resample(audio.samples[:1], audio.sample_rate, sample_rate)[0, : result.shape[1]]
                result[index, : len(mono)] = mono
        return result


class MergedClips(ClipSet):
    """Several data sets as one; their groups stay apart.

    Parameters
    ----------
    parts : sequence of ClipSet
    """

    def __init__(self, parts: Sequence[ClipSet]) -> None:
        self.parts = tuple(parts)
        self.clips = tuple(clip for part in parts for clip in part.clips)
        self.held_out = frozenset().union(*(part.held_out for part in parts))
        self.split = "; ".join(dict.fromkeys(part.split for part in parts))
        self.data = "; ".join(part.data for part in parts)
        self.licence = "; ".join(dict.fromkeys(part.licence for part in parts))

    def waveforms(self, sample_rate: int, seconds: float) -> Steps[Samples]:
        """Read or render the parts one after the other."""
        waveforms = []
        for part in self.parts:
            waveforms.append((yield from part.waveforms(sample_rate, seconds)))
        return np.concatenate(waveforms)


def ten_sounds(soundfont: Path, seconds: float) -> MergedClips:
    """Give the ten classes; needs espeak-ng, sonic-pi-samples and a soundfont.

    Parameters
    ----------
    soundfont : path
    seconds : float
        Length of a clip.
    """
    return MergedClips([_families(soundfont), _sample_groups(seconds), SpeechClips()])


def _families(soundfont: Path) -> NoteClips:
    notes, clips = [], []
    for family, programs in FAMILIES.items():
        for program in programs:
            for number, pitch in enumerate(FAMILY_PITCHES):
                velocity, held = FAMILY_STROKES[(program + number) % len(FAMILY_STROKES)]
                notes.append(Note(program, pitch, velocity, held))
                clips.append(Clip(family, f"pitch {pitch}"))
    found = NoteClips(soundfont, notes, clips)
    found.split = "by pitch"
    return found


def _sample_groups(seconds: float) -> FileClips:
    files = sorted(SAMPLES.glob("*.flac"))
    if not files:
        raise NastFxError(f"there are no samples in {SAMPLES}: install sonic-pi-samples")
    recordings = []
    for label, prefixes in SAMPLE_GROUPS.items():
        for file in files:
            is_other = label == "beats" and file.stem.startswith(NOT_BEATS)
            if file.stem.startswith(prefixes) and not is_other:
                recordings.append(Recording(file, label, file.name))
    return FileClips(
        recordings,
        seconds=seconds,
        data=f"{len(recordings)} of Sonic Pi's samples",
        licence="CC0 (sonic-pi-samples)",
        split="by file",
    )
