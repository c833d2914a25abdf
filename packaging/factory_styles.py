"""Make the styles that come with the program from its own sounds.

    python packaging/factory_styles.py

The same versions on the same machine give the same files. Each is one channel at 32 kHz, so that all of them
together stay below 3 MB; what lies above 16 kHz stays the content's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from nast_fx.audio import Audio
from nast_fx.progress import drain
from nast_fx.studies.sounds import SOUNDS
from nast_fx.styles import learn, recording_of, write_style
from nast_fx.styles.find import FACTORY_FOLDER

RATE = 32_000  # Hz
RECORDED_SECONDS = 30.0
CREATED = "2026-07-01"
LICENSE = "Synthesized by nast-fx; do with it what you like (CC0-1.0)."

# Seconds that are kept: a noise needs few, notes of all sizes need more.
KEPT_SECONDS = {"bells": 5.2, "breath": 2.6, "metal": 5.2, "rain": 2.6, "strings": 3.9, "tape-hum": 2.6}


def main() -> None:
    """Write all of them into the package, or into another folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FACTORY_FOLDER)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)  # another number may sum in another order
    folder.mkdir(parents=True, exist_ok=True)
    for name, seconds in KEPT_SECONDS.items():
        sound = SOUNDS[name](RECORDED_SECONDS, RATE)
        mono = Audio(sound.samples.mean(axis=0, keepdims=True), RATE)
        steps = learn(
            [recording_of(mono, f"{name}.wav")],
            name=name,
            seconds=seconds,
            author="nast-fx",
            license=LICENSE,
            created=CREATED,
        )
        style = drain(steps)
        path = folder / f"{name}.naststyle"
        write_style(path, style, overwrite=True)
        kept = f"{len(style.facts.weights)} runs, {style.facts.seconds:.1f} s"
        error = f"error {style.facts.learning.error_with_phases:.3f}"
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, {kept}, {error}\n")


if __name__ == "__main__":
    main()
