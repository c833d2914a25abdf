"""Which key a content and its styles are in, and by how much each is transposed.

A style goes to the content's key, region by region where the content modulates; or both go to a named
key. Between major and minor the notes count, not the tonic: C major is 0 semitones from A minor. Nothing is
moved by a key that is not sure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nast_fx.analysis import SAFE_CONFIDENCE, KeyEstimate, detect_key, mono_of
from nast_fx.models import Key, Tracking
from nast_fx.progress import Progress, Steps, within
from nast_fx.render.reference import Reference

__all__ = ["Region", "Transposition", "plan_transposition"]

TUNING_CENTS = 10.0  # between two tunings; less is left as it is


@dataclass(frozen=True)
class Region:
    """A stretch of the content in one key, and what each style is shifted by there.

    Attributes
    ----------
    start_seconds, end_seconds : float
    key : Key or None
        That the styles are brought to; None leaves them.
    semitones : tuple of float
        One a style.
    """

    start_seconds: float
    end_seconds: float
    key: Key | None
    semitones: tuple[float, ...]


@dataclass(frozen=True)
class Transposition:
    """What is transposed in a render.

    Attributes
    ----------
    mode : str
        ``content``, ``off`` or the name of a key.
    content : KeyEstimate or None
    content_semitones : float
        What the content itself is shifted by.
    styles : tuple of KeyEstimate or None
        By style; None where nothing was looked for.
    regions : tuple of Region
        In the order of time; they cover the content.
    notes : tuple of str
        What was not shifted, and why.
    """

    mode: str
    content: KeyEstimate | None
    content_semitones: float
    styles: tuple[KeyEstimate | None, ...]
    regions: tuple[Region, ...]
    notes: tuple[str, ...] = ()

    def at(self, start_seconds: float, end_seconds: float) -> tuple[float, ...]:
        """Shift of each style for a stretch: that of the region that covers most of it."""
        return max(self.regions, key=lambda region: _shared(region, start_seconds, end_seconds)).semitones

    @property
    def moves(self) -> bool:
        """Whether anything is transposed."""
        return bool(self.content_semitones) or any(any(region.semitones) for region in self.regions)

    @property
    def summary(self) -> str:
        """What was shifted to where, in one sentence; empty where nothing was looked for."""
        words = []
        if self.content is not None:
            sure = self.content.key is not None and _is_sure(self.content)
            words.append(f"Key {self.content.key}" if sure else "No clear key")
        shifts = sorted({shift for region in self.regions for shift in region.semitones if shift})
        if self.content_semitones:
            words.append(f"content transposed by {self.content_semitones:+.4g} semitones")
        if shifts:
            moved = ", ".join(f"{shift:+.4g}" for shift in shifts)
            words.append(f"style transposed by {moved} semitones")
        if self.moves and self.mode != "content":
            words[-1] += f" to {self.mode}"
        said = "; ".join(words)
        return f"{said[:1].upper()}{said[1:]}." if said else ""

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """Facts for a report; `names` are those of the styles."""
        return {
            "mode": self.mode,
            "content": _facts(self.content),
            "content_shift_semitones": round(self.content_semitones, 2),
            "styles": [
                {"name": name, **(_facts(found) or {})}
                for name, found in zip(names, self.styles, strict=True)
            ],
            "regions": [
                {
                    "start_seconds": round(region.start_seconds, 3),
                    "end_seconds": round(region.end_seconds, 3)
                    if math.isfinite(region.end_seconds)
                    else None,
                    "key": region.key.name if region.key else None,
                    "style_shift_semitones": [round(shift, 2) for shift in region.semitones],
                }
                for region in self.regions
            ],
        }


def plan_transposition(
    content: KeyEstimate | None,
    references: Sequence[Reference],
    tracking: Tracking,
    *,
    is_styled: bool = True,
) -> Steps[Transposition]:
    """Find the styles' keys and decide what is shifted by how much.

    Parameters
    ----------
    content : KeyEstimate or None
        The content's; None for a texture.
    references : sequence of Reference
    tracking : Tracking
    is_styled : bool
        Whether the styles are used at all; else only the content may move.
    """
    named, notes, shift, tuning = tracking.named_key, [], 0.0, 0.0
    unmoved = Region(0.0, math.inf, None, (0.0,) * len(references))
    if named is not None and content is not None:
        if _is_sure(content):
            shift = _shift(content, named, 0.0)
        else:
            notes.append(f"{_unsure('the content', content)}: it is not transposed.")
    elif content is not None:
        tuning = content.tuning_cents or 0.0
    stretches = _stretches(content, named) if is_styled and tracking.key != "off" else []
    if not stretches:
        if is_styled and tracking.key == "content" and content is not None:
            notes.append(f"{_unsure('the content', content)}: no style is transposed.")
        nothing = (None,) * len(references)
        return Transposition(tracking.key, content, shift, nothing, (unmoved,), tuple(notes))
    styles: list[KeyEstimate] = []
    for number, reference in enumerate(references):
        begin, end = number / len(references), (number + 1) / len(references)
        if reference.key is not None:  # a learnt style knows it
            styles.append(reference.key)
        else:
            yield Progress("key", share=begin, note=f"finding the key of {reference.name}")
            with mono_of(reference.source, reference.name) as mono:
                styles.append((yield from within(detect_key(mono), begin, end)))
        if not _is_sure(styles[-1]):
            notes.append(f"{_unsure(reference.name, styles[-1])}: it is not transposed.")
    regions = [
        Region(
            start, end, key, tuple(_shift(found, key, tuning) if _is_sure(found) else 0.0 for found in styles)
        )
        for start, end, key in stretches
    ]
    return Transposition(tracking.key, content, shift, tuple(styles), tuple(regions), tuple(notes))


def _stretches(content: KeyEstimate | None, named: Key | None) -> list[tuple[float, float, Key]]:
    """Start, end and key that the styles are brought to; the content's own, moved where a key is named."""
    if content is None or content.key is None or not _is_sure(content):
        return [(0.0, math.inf, named)] if named else []
    move = content.key.semitones_to(named) if named else 0
    keys = [span.key if span.confidence >= SAFE_CONFIDENCE else content.key for span in content.spans]
    moved = [key.transposed(move) for key in keys]
    return [(s.start_seconds, s.end_seconds, k) for s, k in zip(content.spans, moved, strict=True)]


def _shift(found: KeyEstimate, key: Key, tuning_cents: float) -> float:
    """Semitones from a recording to a key at a tuning."""
    if found.key is None:
        return 0.0
    cents = tuning_cents - (found.tuning_cents or 0.0)
    return found.key.semitones_to(key) + (cents / 100 if abs(cents) > TUNING_CENTS else 0.0)


def _is_sure(found: KeyEstimate | None) -> bool:
    return found is not None and found.key is not None and found.confidence >= SAFE_CONFIDENCE


def _unsure(name: str, found: KeyEstimate | None) -> str:
    """Begin a sentence about a recording without a clear key."""
    if found is None or found.key is None:
        return f"No key was found in {name}"
    return f"The key of {name} is not clear ({found.key.name} at a confidence of {found.confidence:.2f})"


def _shared(region: Region, start: float, end: float) -> float:
    return min(region.end_seconds, end) - max(region.start_seconds, start)


def _facts(found: KeyEstimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "key": found.key.name if found.key else None,
        "confidence": round(found.confidence, 3),
        "tuning_cents": None if found.tuning_cents is None else round(found.tuning_cents, 1),
    }
