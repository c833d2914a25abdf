"""The system's sound devices, through Qt; loaded when something is to be played."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt6.QtMultimedia import QAudio, QAudioDevice, QAudioFormat, QAudioSink, QMediaDevices

from ..certain import certain
from .output import Device, Output
from .source import Frames

__all__ = ["QtDevice", "find_device"]

BUFFER_SECONDS = 0.1  # as late as a switch is heard, as long as nothing may keep the writing thread


class QtDevice:
    """A device at its own rate: files are resampled better here than by most systems.

    Parameters
    ----------
    device : QAudioDevice
    """

    def __init__(self, device: QAudioDevice) -> None:
        self._device = device
        self._format = _format_of(device)

    @property
    def sample_rate(self) -> int:
        """Its own rate, in Hz."""
        return self._format.sampleRate()

    def open(self) -> Output | None:
        """Begin to play; None if it cannot be used."""
        output = QtOutput(self._device, self._format)
        return output if output.is_alive() else None


class QtOutput:
    """A device that plays.

    Parameters
    ----------
    device : QAudioDevice
    target : QAudioFormat
        That it supports.
    """

    def __init__(self, device: QAudioDevice, target: QAudioFormat) -> None:
        self._format = target
        self._sink = QAudioSink(device, target)
        self._sink.setBufferSize(self._format.bytesForDuration(round(1e6 * BUFFER_SECONDS)))
        self._io = self._sink.start()

    def free_frames(self) -> int:
        """Give how many frames there is room for."""
        return int(self._format.framesForBytes(self._sink.bytesFree()))

    def waiting_frames(self) -> int:
        """Give how many frames have not been played yet."""
        return int(self._format.framesForBytes(self._sink.bufferSize() - self._sink.bytesFree()))

    def write(self, frames: Frames) -> None:
        """Write (frame, 2); at most as many as there is room for."""
        certain(self._io).write(_as_device(frames, self._format))

    def is_alive(self) -> bool:
        """Whether there still is a device."""
        return self._io is not None and self._sink.state() != QAudio.State.StoppedState

    def close(self) -> None:
        """Be done, once all is played."""
        self._sink.stop()


def find_device() -> Device | None:
    """Give the system's default device; None if there is none."""
    device = QMediaDevices.defaultAudioOutput()
    return None if device.isNull() else QtDevice(device)


def _format_of(device: QAudioDevice) -> QAudioFormat:
    """Ask for two channels of float32 at the device's own rate, else take what it prefers."""
    best = device.preferredFormat()
    wanted = QAudioFormat(best)
    wanted.setChannelCount(2)
    wanted.setSampleFormat(QAudioFormat.SampleFormat.Float)
    return wanted if device.isFormatSupported(wanted) else best


def _as_device(frames: Frames, target: QAudioFormat) -> bytes:
    """Give frames as bytes in a device's channels and numbers."""
    n_channels = target.channelCount()
    if n_channels == 1:
        frames = frames.mean(axis=1, keepdims=True)
    elif n_channels > frames.shape[1]:
        frames = np.pad(frames, ((0, 0), (0, n_channels - frames.shape[1])))
    scale: Callable[[Frames], np.ndarray] = _SCALES[target.sampleFormat()]
    return scale(frames).tobytes()


_SCALES: dict[QAudioFormat.SampleFormat, Callable[[Frames], np.ndarray]] = {
    QAudioFormat.SampleFormat.Float: lambda frames: frames,
    QAudioFormat.SampleFormat.Int16: lambda frames: np.round(frames * 32767).astype(np.int16),
    QAudioFormat.SampleFormat.Int32: lambda frames: np.round(frames * 2147483392.0).astype(np.int32),
    QAudioFormat.SampleFormat.UInt8: lambda frames: np.round(frames * 127 + 128).astype(np.uint8),
}
