"""What a stretch of chroma says about the key: which notes it has, and which chords.

Evidence for key k is ``n . p_k + 2 h . q_k``: n is how much there is of each pitch class (as a square
root, as loud in every block) and h of each of the 24 triads; p_k and q_k are the key's profiles of notes
and of chords. All are taken without their mean, profiles with length 1, and n and h with length 1 on the
average over stretches of `STRETCH_SECONDS`. So evidence adds up over blocks.

Profile of notes: Albrecht & Shanahan 2013 (Music Perception 31), measured on classical music. Profile of
chords: round numbers; the dominant of minor is major more often than not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nast_fx.analysis.chroma import FRAME_SECONDS, Chroma
from nast_fx.models.key import Key

__all__ = ["BLOCK_SECONDS", "KEYS", "block_chroma", "key_evidence", "note_fit"]

KEYS = (*(Key(tonic, "major") for tonic in range(12)), *(Key(tonic, "minor") for tonic in range(12)))

# By semitones above the tonic.
MAJOR_NOTES = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR_NOTES = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
# Major triads by semitones of their root above the tonic, then minor ones.
MAJOR_CHORDS = (
    *(0.32, 0, 0.02, 0.005, 0.02, 0.18, 0, 0.20, 0.01, 0.015, 0.03, 0),
    *(0.005, 0, 0.08, 0, 0.04, 0.02, 0, 0.01, 0, 0.10, 0, 0.005),
)
MINOR_CHORDS = (
    *(0.01, 0.01, 0.01, 0.08, 0, 0.03, 0, 0.12, 0.12, 0, 0.11, 0),
    *(0.33, 0, 0.01, 0, 0, 0.13, 0, 0.06, 0, 0, 0.01, 0),
)
MAJOR_TRIAD, MINOR_TRIAD = (0, 4, 7), (0, 3, 7)

BLOCK_FRAMES = 5
BLOCK_SECONDS = BLOCK_FRAMES * FRAME_SECONDS
STRETCH_SECONDS = 8.0  # about as long as a phrase
SOFTNESS = 0.3  # of the mean loudness: blocks below it count less
CHORD_WEIGHT = 2.0
CHORD_SHARPNESS, ROOT_WEIGHT = 4.0, 0.3
TINY = 1e-12

Array = npt.NDArray[np.float64]


def block_chroma(frames: npt.NDArray[np.float32]) -> Array:
    """Make compressed chroma (block, 12), 0 ... 1, of chroma (frame, 12); the last block may be longer."""
    n_blocks = max(1, len(frames) // BLOCK_FRAMES)
    firsts = np.arange(n_blocks) * BLOCK_FRAMES
    counts = np.diff([*firsts, len(frames)])[:, None]
    blocks = np.add.reduceat(frames.astype(np.float64), firsts, axis=0) / counts
    loudness = blocks.sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(blocks / np.maximum(loudness + SOFTNESS * loudness.mean(), TINY)))


def key_evidence(chroma: Chroma) -> Array:
    """Evidence (block, key) of every block of `BLOCK_SECONDS` for every key of `KEYS`."""
    notes = block_chroma(chroma.notes)
    chords = _chords(notes, block_chroma(chroma.bass))
    from_notes = _scaled(notes) @ _profiles(MAJOR_NOTES, MINOR_NOTES).T
    from_chords = _scaled(chords) @ _profiles(MAJOR_CHORDS, MINOR_CHORDS).T
    return np.asarray(from_notes + CHORD_WEIGHT * from_chords)


def note_fit(notes: Array, key: Key) -> float:
    """Correlation, -1 ... 1, of chroma (12,) with a key's profile of notes; 0 where it is flat."""
    profile = _profiles(MAJOR_NOTES, MINOR_NOTES)[KEYS.index(key)]
    return float(_unit(notes) @ profile)


def _chords(notes: Array, bass: Array) -> Array:
    """Give the share of each triad (block, chord) in each block, by its notes and by its root in the bass."""
    roots = [(root, triad) for triad in (MAJOR_TRIAD, MINOR_TRIAD) for root in range(12)]
    table = np.zeros((24, 12))
    for row, (root, triad) in zip(table, roots, strict=True):
        row[[(root + step) % 12 for step in triad]] = 1
    match = _unit(notes) @ _unit(table).T + ROOT_WEIGHT * np.tile(_unit(bass), 2)
    likely = np.exp(CHORD_SHARPNESS * match)
    return np.asarray(likely / likely.sum(axis=1, keepdims=True) * notes.sum(axis=1, keepdims=True))


def _profiles(major: tuple[float, ...], minor: tuple[float, ...]) -> Array:
    """Turn profiles of C major and C minor into those of all keys (key, entry)."""
    by_mode = {"major": np.reshape(major, (-1, 12)), "minor": np.reshape(minor, (-1, 12))}
    return _unit(np.array([np.roll(by_mode[key.mode], key.tonic, axis=1).ravel() for key in KEYS]))


def _unit(rows: Array) -> Array:
    aside = rows - rows.mean(axis=-1, keepdims=True)
    return np.asarray(aside / np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), TINY))


def _scaled(blocks: Array) -> Array:
    """Blocks (block, entry) without their mean, over the mean length of the averages of stretches."""
    aside = blocks - blocks.mean(axis=1, keepdims=True)
    n_blocks = min(len(aside), round(STRETCH_SECONDS / BLOCK_SECONDS))
    stretches = np.lib.stride_tricks.sliding_window_view(aside, n_blocks, axis=0).mean(axis=-1)
    return np.asarray(aside / max(float(np.linalg.norm(stretches, axis=1).mean()), TINY))
