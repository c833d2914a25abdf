"""A plugin inside of its own process: what messages ask of it."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pedalboard
from pedalboard import _pedalboard

from nast_fx.chain.hosted_sound import Sound
from nast_fx.chain.hosted_values import automatable, describe, raw_value, value_of
from nast_fx.chain.hosted_window import show_window

if TYPE_CHECKING:
    from nast_fx.audio import Samples

__all__ = ["Loaded"]

LOADING_SECONDS = 10.0  # for what a plugin loads in the background
_NO_BLOCK = np.zeros((0, 0), dtype=np.float32)
# pedalboard reads a thousand texts of each parameter; DPF makes a parameter of each of 2080 MIDI controllers.
_CONTROLLERS = re.compile(r"MIDI Ch\. \d")

Answer = tuple[dict[str, Any], "Samples | None"]


class Loaded:
    """The plugin of this process."""

    def __init__(self) -> None:
        self._sound: Sound
        self._answers: Mapping[str, Callable[[dict[str, Any], Samples], Answer]] = {
            "load": self._load,
            "values": self._values,
            "set": self._set,
            "reset": self._reset,
            "process": self._process,
            "notes": self._notes,
            "state": self._state,
            "restore": self._restore,
            "edit": self._edit,
        }
        ignored: set[re.Pattern[str]] = getattr(_pedalboard, "PARAMETER_NAME_REGEXES_TO_IGNORE", set())
        ignored.add(_CONTROLLERS)

    def answer(self, header: dict[str, Any], block: Samples | None) -> Answer:
        """Do what a message asks for."""
        return self._answers[header["do"]](header, _NO_BLOCK if block is None else block)

    @property
    def _first(self) -> Any:
        return self._sound.plugins[0]

    def _load(self, header: dict[str, Any], block: Samples) -> Answer:
        path, plugin_name = header["path"], header["plugin_name"]
        try:
            first = _open(path, plugin_name)
        except ImportError as error:
            raise ValueError(f"it cannot be loaded: {str(error).strip().split(': ')[-1]}") from None
        except ValueError:
            names = _names_in(path)
            if len(names) < 2:
                raise
            return {"names": names}, None
        if plugin_name not in (None, first.name):
            return {"names": [first.name]}, None  # pedalboard takes any name where there is one plugin
        opened = [first]
        self._sound = Sound(
            lambda: opened.pop() if opened else _open(path, plugin_name),
            header["sample_rate"],
            header["n_channels"],
        )
        facts = {key: getattr(first, key) for key in ("name", "version", "category", "is_instrument")}
        facts |= {"maker": first.manufacturer_name, "identifier": portable_identifier(first.identifier)}
        facts |= {"n_plugin_channels": self._sound.n_plugin_channels, "parameters": describe(first)}
        return facts | self._latency(), None

    def _latency(self) -> dict[str, int]:
        return {"latency_samples": self._first.reported_latency_samples}

    def _raw_values(self) -> dict[str, float]:
        return {name: parameter.raw_value for name, parameter in automatable(self._first).items()}

    def _values(self, header: dict[str, Any], block: Samples) -> Answer:
        parameters = automatable(self._first)
        return {"values": {name: value_of(parameter) for name, parameter in parameters.items()}}, None

    def _set(self, header: dict[str, Any], block: Samples) -> Answer:
        for plugin in self._sound.plugins:
            parameters = automatable(plugin)
            # A program brings all other values with it, so choices come first.
            for name, value in sorted(header["values"].items(), key=lambda one: not isinstance(one[1], str)):
                parameters[name].raw_value = raw_value(parameters[name], value)
        return self._latency(), None

    def _reset(self, header: dict[str, Any], block: Samples) -> Answer:
        self._sound.clear()
        return self._latency(), None

    def _process(self, header: dict[str, Any], block: Samples) -> Answer:
        if header["values"]:
            self._set(header, block)
        return {}, self._sound.whole(block) if header["reset"] else self._sound.stream(block)

    def _notes(self, header: dict[str, Any], block: Samples) -> Answer:
        return {}, self._sound.notes(header["messages"], header["n_frames"])

    def _state(self, header: dict[str, Any], block: Samples) -> Answer:
        self._sound.warm_up()
        raw, values = base64.b64encode(self._first.raw_state).decode(), self._raw_values()
        self._sound.clear()
        return {"raw": raw, "values": values}, None

    def _restore(self, header: dict[str, Any], block: Samples) -> Answer:
        self._put_state(base64.b64decode(header["raw"]))
        return {"values": self._raw_values()} | self._latency(), None

    def _put_state(self, raw: bytes) -> None:
        for plugin in self._sound.plugins:
            plugin.raw_state = raw
        self._sound.warm_up()
        self._sound.clear()

    def _edit(self, header: dict[str, Any], block: Samples) -> Answer:
        """Show the window until it is closed; the other channels' instances follow."""
        show_window(self._first)
        self._sound.warm_up()
        self._put_state(self._first.raw_state)
        return self._latency(), None


def portable_identifier(identifier: str) -> str:
    """Give an identifier without the part that depends on where the file lies.

    ``VST3-ZamComp-1c893ab4-b089a0c5`` is format, name, hash of the path, hash of the plugin's own number.
    """
    parts = identifier.rsplit("-", 2)
    return f"{parts[0]}-{parts[2]}" if len(parts) == 3 else identifier


def _names_in(path: str) -> list[str]:
    """Names of the plugins in a file."""
    kinds = [getattr(pedalboard, name, None) for name in ("VST3Plugin", "AudioUnitPlugin")]
    for kind in filter(None, kinds):
        with contextlib.suppress(ImportError):
            return [str(name) for name in kind.get_plugin_names_for_file(path)]
    return []


def _open(path: str, plugin_name: str | None) -> Any:
    return _pedalboard.load_plugin(path, plugin_name=plugin_name, initialization_timeout=LOADING_SECONDS)
