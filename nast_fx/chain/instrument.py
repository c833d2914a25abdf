"""A score as sound by any instrument: a soundfont, or a plugin (VST3, Audio Unit) that is hosted.

A plugin hears all tracks of the file as one: notes, controllers, pressure, pitch bend, programs and system
exclusive messages of all sixteen channels, in order of time, each at the frame that is nearest to its time
by the tempo map. At the score's end every key and pedal is let go, the sound may die away for
`TAIL_SECONDS`, and of that tail only what is heard is kept. The level is as it comes, brought down as a
whole where it would be too loud. That is what `render_score` does with a soundfont.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from nast_fx.audio import ScratchFile
from nast_fx.audio.names import shown
from nast_fx.audio.score import read_score
from nast_fx.audio.score_file import open_midi, timed_messages
from nast_fx.audio.score_sound import (
    ALL_NOTES_OFF,
    PEDAL,
    PLUGIN_SUFFIXES,
    TAIL_SECONDS,
    check_playable,
    check_space,
    finished_sound,
    render_score,
)
from nast_fx.chain.host import HostedPlugin
from nast_fx.chain.scan import SUFFIXES, find_plugin
from nast_fx.errors import UsageError
from nast_fx.progress import Progress, Steps

__all__ = ["is_hosted", "play_score"]

N_CHANNELS = 2
_SOSTENUTO = 66
_NOTE_OFF, _CONTROL_CHANGE = 0x80, 0xB0  # status bytes of the first channel
_LOADED_SHARE, _PLAYED_SHARE = 0.05, 0.95

Event = tuple[bytes, float]
"""A message, and its time in seconds."""


def is_hosted(instrument: str | Path) -> bool:
    """Whether the name is that of a plugin that can be hosted."""
    return Path(instrument).suffix.lower() in SUFFIXES


def play_score(path: str | Path, instrument: str | Path, sample_rate: int) -> Steps[ScratchFile]:
    """Play a MIDI file into a temporary file, in bounded memory; the caller closes it.

    A soundfont gives the same samples for the same file and rate; a plugin does if it is made so.

    Parameters
    ----------
    path : path
        MIDI file of format 0 or 1.
    instrument : path or str
        A soundfont, or a plugin (``.vst3``, ``.component``): its path, or the name of one that `find_plugin`
        knows.
    sample_rate : int
        Hz, above 0.

    Yields
    ------
    Progress
        Of stage ``play``.

    Returns
    -------
    ScratchFile
        Stereo, at least as long as the score, and until its sound has died away.

    Raises
    ------
    UsageError
        The plugin is an effect, unknown or of another kind, or the rate is not above 0.
    AudioFileError
        The score or the soundfont cannot be used, the score has no notes, is silent or longer than a day, or
        there is no space left.
    PluginError
        The plugin cannot be loaded, crashes, hangs, or writes what is no sound.
    NastFxError
        The program fluidsynth, which plays a soundfont, is missing.
    """
    if is_hosted(instrument):
        return (yield from _play_plugin(path, instrument, sample_rate))
    if Path(instrument).suffix.lower() in PLUGIN_SUFFIXES:
        raise UsageError(
            f"{shown(instrument)}: plugins of this kind cannot be hosted; give a VST3 (.vst3), an Audio Unit "
            "(.component) or a soundfont (.sf2 or .sf3)"
        )
    yield Progress("play", note=f"{shown(Path(instrument).name)} plays")
    return render_score(path, instrument, sample_rate)


def _play_plugin(path: str | Path, instrument: str | Path, sample_rate: int) -> Steps[ScratchFile]:
    if sample_rate <= 0:
        raise UsageError(f"sample_rate={sample_rate} must be above 0")
    score = read_score(path)
    check_playable(score, shown(path))
    check_space(tempfile.gettempdir(), score.seconds, sample_rate)
    events = _performance(path, score.seconds)
    file = find_plugin(instrument)
    yield Progress("play", note=f"loading {shown(Path(instrument).name)}")
    with HostedPlugin(file.path, file.plugin_name, sample_rate=sample_rate, n_channels=N_CHANNELS) as plugin:
        if not plugin.is_instrument:
            raise UsageError(f"{plugin.name} is an effect; a score is played by an instrument or a soundfont")
        n_frames = round((score.seconds + TAIL_SECONDS) * sample_rate)
        with ScratchFile(sample_rate, N_CHANNELS, n_frames) as raw:
            yield from _written(raw, plugin, events)
            plugin.close()  # its memory is not needed for what follows
            yield Progress("play", share=_PLAYED_SHARE, note="finding the end and the level")
            return finished_sound(raw, score.seconds, plugin.name)


def _written(raw: ScratchFile, plugin: HostedPlugin, events: list[Event]) -> Steps[None]:
    """Fill a file with what a plugin plays."""
    n_written = 0
    for block in plugin.note_blocks(events, raw.n_frames / raw.sample_rate):
        raw.write(n_written, block)
        n_written += block.shape[1]
        share = _LOADED_SHARE + (_PLAYED_SHARE - _LOADED_SHARE) * n_written / raw.n_frames
        yield Progress("play", share=share, note=f"{plugin.name} plays")


def _performance(path: str | Path, end: float) -> list[Event]:
    """What is played, in order of time; all that is held at `end`, in seconds, is let go there."""
    events: list[Event] = []
    held: Counter[tuple[int, int]] = Counter()  # some instruments want an end for each beginning
    for seconds, message in timed_messages(open_midi(path), shown(path)):
        if message.is_meta:
            continue
        events.append((bytes(message.bytes()), seconds))
        if message.type in ("note_on", "note_off"):
            is_on = message.type == "note_on" and message.velocity > 0
            key = message.channel, message.note
            held[key] = max(0, held[key] + (1 if is_on else -1))
    endings = [bytes([_NOTE_OFF | channel, note, 0]) for channel, note in held.elements()]
    for channel in sorted({channel for channel, _ in held}):
        for controller in (PEDAL, _SOSTENUTO, ALL_NOTES_OFF):
            endings.append(bytes([_CONTROL_CHANGE | channel, controller, 0]))
    return events + [(data, end) for data in endings]
