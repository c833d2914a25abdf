"""How an image network looks at sound: the spectrogram that it was trained on, at any sample rate.

A trained network knows windows and steps of so many milliseconds, and the magnitudes that come with them.
At another rate both keep their length in seconds, and magnitudes, which grow with the window's samples, are
scaled back to those of the training.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nast_fx.errors import UsageError
from nast_fx.models import MethodSettings
from nast_fx.models.methods_trained import INSTRUMENTS_VIEW, SOUNDS_VIEW
from nast_fx.networks.image import INSTRUMENTS, SOUNDS, ImageArchitecture, ImageStack, LayerWeights
from nast_fx.networks.image import random_weights as draw_weights
from nast_fx.networks.image_network import image_field
from nast_fx.networks.weights import load_weights
from nast_fx.representations import LogMagnitude

__all__ = ["INSTRUMENTS_EYE", "SOUNDS_EYE", "ImageEye", "image_eye"]

RANDOM = "random"


@dataclass(frozen=True)
class ImageEye:
    """A network and its own view of sound.

    Attributes
    ----------
    architecture : ImageArchitecture
    sample_rate, n_fft, hop_length : int
        What the network was made for, in Hz and samples.
    weights : tuple of (weight, bias) or None
        None draws them.
    """

    architecture: ImageArchitecture
    sample_rate: int
    n_fft: int
    hop_length: int
    weights: tuple[LayerWeights, ...] | None = None

    def stack(self, seed: int, device: torch.device) -> ImageStack:
        """Give the network; `seed` matters where its weights are random."""
        weights = self.weights or draw_weights(self.architecture, seed)
        return ImageStack(self.architecture, weights).to(device)

    def layer(self, number: int, setting: str) -> int:
        """Give the index of a layer that a setting names by its number.

        Raises
        ------
        UsageError
            The network has fewer layers.
        """
        if number > self.architecture.n_layers:
            raise UsageError(
                f"{setting}={number} must be at most {self.architecture.n_layers}:"
                " the network has no more layers"
            )
        return number - 1

    def layers(self, numbers: str, setting: str) -> tuple[int, ...]:
        """Give the indices of layers written as ``all`` or ``1+3``."""
        if numbers == "all":
            return tuple(range(self.architecture.n_layers))
        return tuple(self.layer(int(number), setting) for number in numbers.split("+"))

    def n_seen(self, n_layers: int) -> int:
        """Frames in which a position of layer `n_layers` sees nothing but the spec, wherever steps fall."""
        field = image_field(self.architecture, n_layers - 1)
        return field.reach + field.stride

    def geometry(self, sample_rate: int, settings: MethodSettings) -> tuple[int, int]:
        """Window and hop in samples: as the settings say, else as long in seconds as the network's own."""
        return settings.geometry_like(sample_rate, (self.sample_rate, self.n_fft, self.hop_length))

    def view(self, sample_rate: int, settings: MethodSettings) -> LogMagnitude:
        """Make the spectrogram; its magnitudes are those that the network's own window would give."""
        n_fft, hop_length = self.geometry(sample_rate, settings)
        return LogMagnitude(sample_rate, n_fft, hop_length, gain=self.n_fft / n_fft)


INSTRUMENTS_EYE = ImageEye(INSTRUMENTS, *INSTRUMENTS_VIEW)
SOUNDS_EYE = ImageEye(SOUNDS, *SOUNDS_VIEW)


def image_eye(weights: str, usual: ImageEye) -> ImageEye:
    """Find a network: random weights in the `usual` shape, shipped ones by name, or a file.

    Raises
    ------
    UsageError
        There is neither such a name nor such a file.
    AudioFileError
        The file is none of weights.
    """
    if weights == RANDOM:
        return usual
    found = load_weights(weights)
    info = found.info
    return ImageEye(found.architecture, info.sample_rate, info.n_fft, info.hop_length, found.weights)
