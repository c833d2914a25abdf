"""The program fluidsynth, which plays a MIDI file with a soundfont into a file of raw samples."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, NastFxError

__all__ = ["SOUNDFONT_FOLDER", "find_fluidsynth", "find_soundfont", "play"]

SOUNDFONT_FOLDER = Path("/usr/share/sounds/sf2")
GAIN = "0.5"
N_CHANNELS = 2
BLOCK_BYTES = 2**20


def find_fluidsynth(what: str) -> str:
    """Path of the program; `what` says what it is needed for.

    Raises
    ------
    NastFxError
        It is not installed.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise NastFxError(f"the program fluidsynth is not installed; it renders {what}")
    return program


def find_soundfont(path: str | Path | None = None) -> Path:
    """Give the soundfont at `path`, or the first one that is installed.

    Raises
    ------
    AudioFileError
        There is none.
    """
    if path is not None:
        if not Path(path).is_file():
            raise AudioFileError(f"{shown(path)}: there is no such soundfont")
        return Path(path)
    # The link default-GM.sf2 leads to whatever was installed last: the files' own names are stable.
    found = sorted(file for file in SOUNDFONT_FOLDER.glob("*.sf2") if not file.is_symlink())
    if not found:
        raise AudioFileError(
            f"there is no soundfont in {SOUNDFONT_FOLDER}: install timgm6mb-soundfont, or name one "
            "with --soundfont"
        )
    return found[0]


def play(
    program: str,
    score: Path,
    sound: Path,
    *,
    soundfont: Path,
    sample_rate: int,
    has_effects: bool,
    most_seconds: float | None = None,
) -> None:
    """Play the MIDI file `score` into the file `sound`: float32, little endian, two channels in turn.

    A file with a note that never ends is never finished: see to its ends, or give `most_seconds`.

    Parameters
    ----------
    program : str
        See `find_fluidsynth`.
    sample_rate : int
        Hz, 8000 ... 96 000.
    has_effects : bool
        Whether reverb and chorus are on, as the program sets them.
    most_seconds : float, optional
        Of working, before it is stopped.

    Raises
    ------
    AudioFileError
        The soundfont cannot be played.
    """
    config = sound.with_name("empty")
    config.touch()  # the user's own settings, reverb among them, have no say
    command: list[str | Path]
    effects, rate = "1" if has_effects else "0", str(sample_rate)
    command = [program, "-n", "-i", "-q", "-f", config, "-R", effects, "-C", effects, "-g", GAIN, "-r", rate]
    # Through a pipe: if this process is killed, the program loses its reader and ends too.
    command += ["-T", "raw", "-O", "float", "-F", "-", soundfont.resolve(), score]
    code, errors, in_time = _piped(command, sound, most_seconds)
    if not in_time:
        raise AudioFileError(f"{shown(soundfont)}: fluidsynth cannot render it: it does not end")
    # It ends well even where it could not load the soundfont.
    faults = [line for line in errors.splitlines() if "error:" in line]
    if faults or code or not sound.stat().st_size:
        why = faults[0].split("error:")[-1].strip() if faults else f"exit code {code}"
        raise AudioFileError(f"{shown(soundfont)}: fluidsynth cannot render it: {why}")


def _piped(command: Sequence[str | Path], sound: Path, most_seconds: float | None) -> tuple[int, str, bool]:
    """Exit code, error text, and whether it ended in time, of a program whose output goes into a file."""
    in_time = True

    def stop() -> None:
        nonlocal in_time
        in_time = False
        process.kill()

    with open(sound, "wb") as output, open(sound.with_name("errors"), "w+b") as errors:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
        except OSError as error:
            raise file_error(command[0], "cannot be started", error) from error
        clock = threading.Timer(most_seconds or threading.TIMEOUT_MAX, stop)
        clock.daemon = True
        clock.start()
        try:
            with process as running:
                while running.stdout and (block := running.stdout.read(BLOCK_BYTES)):
                    output.write(block)
        except BaseException as error:
            process.kill()
            if isinstance(error, OSError):
                raise file_error(sound.parent, "the sound of the score cannot be kept", error) from error
            raise
        finally:
            clock.cancel()
        errors.seek(0)
        return process.returncode, errors.read().decode(errors="replace"), in_time
