"""A plugin (VST3, Audio Unit) as an object; it lives in a process of its own, which it may crash or hang.

An effect answers blocks of audio, an instrument renders notes. Latency is reported, not compensated, where a
stream is processed block by block; it is compensated where one call is the whole signal, and for notes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from nast_fx.audio import Samples, shown
from nast_fx.chain.host_facts import loaded_facts
from nast_fx.chain.host_notes import note_pieces
from nast_fx.chain.host_parameters import HostedParameter, restore_warnings
from nast_fx.chain.host_process import HostProcess, PluginError, SeveralPluginsError
from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.chain import StateSpec

__all__ = ["HostedParameter", "HostedPlugin", "PluginError", "SeveralPluginsError"]

LOAD_SECONDS = 20.0
PROCESS_SECONDS = 30.0
SLOWEST = 10.0  # seconds of work for a second of audio, before a plugin counts as hanging
ANSWER_SECONDS = 20.0  # for everything that makes no sound


class HostedPlugin:
    """A plugin in its own process; a context manager.

    Parameters
    ----------
    path : path
        The file or bundle, ``.vst3`` or ``.component``.
    plugin_name : str, optional
        Which plugin of a file that holds several.
    sample_rate : int
        Hz.
    n_channels : int
        Of what is processed. Where a plugin is mono only, an instance for each channel is hosted.
    seconds : float
        Limit of time for loading.
    process_seconds : float
        Limit of time for a block, to which ten times the block's length is added.

    Attributes
    ----------
    facts : PluginFacts
        What the plugin says of itself; `name`, `identifier`, `version` and `is_instrument` are some of it.
    mono_only : bool
        Whether each channel has its own instance.
    latency_samples : int
        How late it answers, in frames; parameters may change it.

    Raises
    ------
    PluginError
        It cannot be loaded or takes no signal of so many channels; from every method: it crashed, hung, left,
        or wrote what is no sound. Another one can be opened then.
    UsageError
        The file has no plugin of that name.
    """

    def __init__(
        self,
        path: str | Path,
        plugin_name: str | None = None,
        *,
        sample_rate: int,
        n_channels: int,
        seconds: float = LOAD_SECONDS,
        process_seconds: float = PROCESS_SECONDS,
    ) -> None:
        self.path = Path(path)
        self.sample_rate, self.n_channels = sample_rate, n_channels
        if not self.path.exists():
            raise PluginError(f"{shown(path)}: there is no such plugin")
        self._process_seconds = process_seconds
        self._process = HostProcess(plugin_name or shown(self.path.stem))
        try:
            facts = loaded_facts(
                self._process, self.path, plugin_name, (sample_rate, n_channels), seconds=seconds
            )
        except BaseException:
            self._process.kill()
            raise
        self.facts, self.latency_samples = facts, facts.latency_samples
        self.name, self.identifier, self.version = facts.name, facts.identifier, facts.version
        self.is_instrument, self.mono_only = facts.is_instrument, facts.n_plugin_channels == 1 < n_channels

    @property
    def process_id(self) -> int:
        """Number of the plugin's process."""
        return self._process.process_id

    @property
    def is_running(self) -> bool:
        """Whether the plugin's process is there."""
        return self._process.is_running

    @property
    def parameters(self) -> dict[str, HostedParameter]:
        """Parameters that can be set, by name, with their values of now."""
        values = self._ask({"do": "values"}, "telling its values")["values"]
        return {name: replace(part, value=values[name]) for name, part in self.facts.parameters.items()}

    def set(self, name: str, value: float | bool | str) -> None:
        """Set a parameter, in its own unit; see `set_values`."""
        self.set_values({name: value})

    def set_values(self, values: Mapping[str, float | bool | str]) -> None:
        """Set parameters; they hold from the next block on.

        Raises
        ------
        UsageError
            There is no such parameter, or the value is out of its range; then nothing is set.
        """
        for name, value in values.items():
            self.check_value(name, value)
        if values:
            answer = self._ask({"do": "set", "values": dict(values)}, "setting parameters")
            self.latency_samples = answer["latency_samples"]

    def check_value(self, name: str, value: float | bool | str) -> None:
        """Check that there is such a parameter and it takes the value; raises as `set_values`."""
        if name not in self.facts.parameters:
            near = did_you_mean(name, self.facts.parameters)
            raise UsageError(f"{self.name} has no parameter '{name}'{near}")
        self.facts.parameters[name].check(value)

    def state(self) -> StateSpec:
        """Give everything that brings the plugin back to where it is; this ends a stream, as `reset` does."""
        answer = self._ask({"do": "state"}, "saving its state")
        return StateSpec(
            raw=answer["raw"], identifier=self.identifier, version=self.version, values=answer["values"]
        )

    def restore(self, state: StateSpec) -> tuple[str, ...]:
        """Bring the plugin to a state, and look whether it is there; this ends a stream, as `reset` does.

        Gives a sentence for each value that the plugin did not take, and for another version of it.

        Raises
        ------
        PluginError
            The state is another plugin's.
        """
        if state.identifier != self.identifier:
            raise PluginError(
                f"{self.name}: the state is another plugin's ({state.identifier}, this is {self.identifier})"
            )
        answer = self._ask({"do": "restore", "raw": state.raw}, "restoring its state")
        self.latency_samples = answer["latency_samples"]
        return restore_warnings(self.name, self.version, state, answer["values"])

    def reset(self) -> None:
        """Forget what was heard: the beginning of a stream."""
        self.latency_samples = self._ask({"do": "reset"}, "starting again")["latency_samples"]

    def process(self, block: Samples, *, reset: bool, values: Mapping[str, float] | None = None) -> Samples:
        """Process audio.

        Parameters
        ----------
        block : ndarray, (channel, frame) float32
        reset : bool
            True takes the block as a whole signal: as many frames come out, in time with it. False goes on
            with a stream that `reset` has begun: what is ready comes out (whole multiples of 512 frames, less
            the latency at first), and the rest with later blocks.
        values : mapping of str to float, optional
            Parameters that hold from the block on; they were checked (`check_value`).
        """
        if self.is_instrument:
            raise UsageError(f"{self.name} is an instrument: it makes sound of notes, not of audio")
        if block.ndim != 2 or block.shape[0] != self.n_channels:
            raise ValueError(f"block.shape={block.shape} must be ({self.n_channels}, frame)")
        if not block.shape[1]:
            return np.zeros((self.n_channels, 0), dtype=np.float32)
        if not np.isfinite(block).all():
            raise UsageError(f"{self.name}: what it should process holds values that are not finite")
        header = {"do": "process", "reset": reset, "values": dict(values or {})}
        return self._sound(header, block, "processing audio", block.shape[1])

    def render_notes(self, messages: Iterable[Any], seconds: float) -> Samples:
        """Render notes as (channel, frame); see `note_blocks`."""
        nothing = np.zeros((self.n_channels, 0), dtype=np.float32)
        return np.concatenate([nothing, *self.note_blocks(messages, seconds)], axis=1)

    def note_blocks(self, messages: Iterable[Any], seconds: float) -> Iterator[Samples]:
        """Render notes, block by block, in time: latency is compensated.

        Parameters
        ----------
        messages : iterable
            mido messages whose `time` counts in seconds from the beginning, or (bytes, seconds).
        seconds : float
            Length; a note that is still on then is cut.
        """
        if not self.is_instrument:
            raise UsageError(f"{self.name} is an effect: it makes sound of audio, not of notes")
        n_late = self.latency_samples
        n_frames = n_late + round(seconds * self.sample_rate)
        pieces = note_pieces(messages, self.sample_rate, n_frames)
        self.reset()
        for start, n_piece, notes in pieces:
            header = {"do": "notes", "messages": notes, "n_frames": n_piece}
            block = self._sound(header, None, "rendering notes", n_piece)
            yield block[:, max(0, n_late - start) :]

    def edit(self) -> None:
        """Show the plugin's own window, until it is closed; a `PluginError` where there is no display."""
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            raise PluginError(f"{self.name}: its window cannot be shown: there is no display")
        answer = self._ask({"do": "edit"}, "showing its window", seconds=None)
        self.latency_samples = answer["latency_samples"]

    def close(self) -> None:
        """End the plugin's process; a second call does nothing."""
        self._process.close()

    def __enter__(self) -> HostedPlugin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(
        self, header: Mapping[str, Any], doing: str, *, seconds: float | None = ANSWER_SECONDS
    ) -> dict[str, Any]:
        return self._process.ask(header, doing=doing, seconds=seconds)[0]

    def _sound(self, header: Mapping[str, Any], block: Samples | None, doing: str, n_frames: int) -> Samples:
        """Ask for sound, and look whether it is any."""
        seconds = self._process_seconds + SLOWEST * n_frames / self.sample_rate
        _, made = self._process.ask(header, block, doing=doing, seconds=seconds)
        if made is None or made.shape[0] != self.n_channels:
            self._process.kill()
            raise PluginError(f"{self.name}: the plugin's process answered nonsense while {doing}")
        if not np.isfinite(made).all():
            self._process.kill()
            raise PluginError(f"{self.name}: the plugin writes values that are not finite while {doing}")
        return made
