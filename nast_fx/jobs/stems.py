"""Stems of one mix as a batch: the mix that they share, and whether what was made still sums to a mix.

Key, tempo, length and gain of every stem are the mix's (`RenderRequest.mix`), so are the places where
segments meet. The mix is styled beside the stems, as the measure of them: a styled stem must be heard in it
in time and in its polarity, and must have changed its loudness by as much as the mix has.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from nast_fx.audio import AudioSource, FileSource, Samples, check_samples, open_source
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.score_file import is_score
from nast_fx.audio.sink import open_sink
from nast_fx.errors import NastFxError, NothingToDoError, UsageError
from nast_fx.evaluate.stems import StemCheck, check_stems
from nast_fx.jobs.find import Content
from nast_fx.jobs.stem_group import StemGroup
from nast_fx.models.output import OutputFormat
from nast_fx.progress import Progress, Steps

__all__ = ["StemVerdict", "check_group", "stem_mix"]

MOST_LU = 1.0  # by which a stem's loudness may change otherwise than the mix's
MOST_DB = 3.0  # by which a stem may be in a given mix at another level than the other stems
KEPT_SECONDS = 7 * 86_400.0  # how long a sum is kept that is not asked for
BLOCK_FRAMES = 2**18


@dataclass(frozen=True)
class StemVerdict:
    """How styled stems stand to the styled mix.

    Attributes
    ----------
    mix : Path
    problems : tuple of str
        A sentence each; none if the stems sum.
    residual_db : float or None
        What is left of the mix without them; None where it was not measured.
    """

    mix: Path
    problems: tuple[str, ...]
    residual_db: float | None = None


def stem_mix(
    contents: Sequence[Content], given: Path | None, digest: Callable[[Path], str]
) -> Steps[Content]:
    """Find the mix of some stems: the one that is given, or their sum, which is kept in the cache.

    Parameters
    ----------
    contents : sequence of Content
    given : Path, optional
    digest : callable
        From the path of a file to its SHA-256.

    Raises
    ------
    UsageError
        A stem is a score, or of another rate than the others.
    NastFxError
        A stem is late, inverted or of another length in the given mix.
    """
    with ExitStack() as stack:
        stems = _opened(contents, stack)
        if given is None:
            return Content((yield from _sum(stems, contents, digest)))
        mix = stack.enter_context(open_source(given))
        check = yield from check_stems(stems, mix, most_db=float("inf"))
    if problems := _problems_before(check):
        hint = "Without --mix the sum of the stems stands for it."
        raise NastFxError(f"{shown(given)} is not the mix of these stems: {' '.join(problems)} {hint}")
    return Content(given)


def check_group(
    group: StemGroup, find: Callable[[Path], tuple[Path, Mapping[str, Any]] | None]
) -> Steps[StemVerdict]:
    """Compare what was made of stems with what was made of their mix.

    Parameters
    ----------
    group : StemGroup
    find : callable
        From where a result was wanted to where it is, and its facts; None if it was not made.

    Raises
    ------
    NothingToDoError
        The mix, or a stem, was not made.
    """
    found = [(path, find(path)) for path in (group.mix, *group.stems)]
    if missing := [shown(path) for path, one in found if one is None]:
        raise NothingToDoError(f"the stems were not compared with the mix: {', '.join(missing)} was not made")
    (mix_path, mix_facts), *made = [one for _, one in found if one is not None]
    with ExitStack() as stack:
        mix = stack.enter_context(open_source(mix_path))
        opened = [(path.name, stack.enter_context(open_source(path))) for path, _ in made]
        # Levels are compared as loudness: how much of a waveform stays is no level.
        check = yield from check_stems(opened, mix, most_db=float("inf"))
    change = _change(mix_facts)
    levels = [_level_problem(path.name, _change(facts), change) for path, facts in made]
    return StemVerdict(mix_path, (*check.problems, *filter(None, levels)), check.residual_db)


def _problems_before(check: StemCheck) -> list[str]:
    """What is wrong with stems before they are styled; a mix may have a gain of its own, which all share."""
    problems = []
    middle = statistics.median(one.gain_db for one in check.stems if one.gain_db is not None)
    for one in check.stems:
        # A stem that ends before the mix is as long as it when it is styled.
        if one.delay_seconds or one.is_inverted or one.missing_seconds < 0:
            problems.append(one.problem)
        elif one.gain_db is not None and abs(one.gain_db - middle) > MOST_DB:
            problems.append(f"{one.name} is {middle - one.gain_db:+.1f} dB against the others in the mix.")
    return problems


def _opened(contents: Sequence[Content], stack: ExitStack) -> list[tuple[str, FileSource]]:
    opened: list[tuple[str, FileSource]] = []
    peak = 0.0
    for content in contents:
        if is_score(content.path):
            raise UsageError(f"{shown(content.path)}: is a score; --stems takes recordings")
        source = stack.enter_context(open_source(content.path))
        peak = max(peak, float(check_samples(source, str(content.path)).peak.max()))
        if opened and source.sample_rate != opened[0][1].sample_rate:
            raise UsageError(
                f"{shown(content.path)}: is of {source.sample_rate} Hz, {opened[0][0]} of "
                f"{opened[0][1].sample_rate} Hz; stems have one rate"
            )
        opened.append((content.path.name, source))
    if not peak:
        raise UsageError("the stems are silent: there is no mix of them")
    return opened


def _sum(
    stems: Sequence[tuple[str, AudioSource]], contents: Sequence[Content], digest: Callable[[Path], str]
) -> Steps[Path]:
    """Write the sum of stems, unless it is there from an earlier time."""
    key = hashlib.sha256(" ".join(digest(one.path) for one in contents).encode()).hexdigest()[:32]
    folder = platformdirs.user_cache_path("nast-fx", appauthor=False) / "mixes"
    path = folder / key / "mix.wav"
    if path.exists():
        os.utime(path)
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_old(folder, keep=path.parent)
    except OSError as error:
        raise file_error(folder, "the sum of the stems cannot be kept there", error) from error
    sources = [source for _, source in stems]
    n_frames = max(source.n_frames for source in sources)
    n_channels = max(source.n_channels for source in sources)
    output = OutputFormat(container="wav", bits="32f")
    with open_sink(path, output, sources[0].sample_rate, n_channels, overwrite=True) as sink:
        for start in range(0, n_frames, BLOCK_FRAMES):
            length = min(BLOCK_FRAMES, n_frames - start)
            yield Progress("stems", share=start / n_frames, note="summing the stems")
            sink.write(_summed(sources, start, length, n_channels))
    return path


def _summed(sources: Sequence[AudioSource], start: int, n_frames: int, n_channels: int) -> Samples:
    """Sum of blocks (channel, frame); a mono source goes to every channel, one that has ended is silent."""
    whole = np.zeros((n_channels, n_frames), dtype=np.float32)
    for source in sources:
        length = min(n_frames, source.n_frames - start)
        if length > 0:
            whole[:, :length] += source.read(start, length)
    return whole


def _drop_old(folder: Path, *, keep: Path) -> None:
    """Remove sums that no batch can be using any more; one that is needed again is made again."""
    for path in folder.glob("*/mix.wav"):
        if path.parent != keep and time.time() - path.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(path.parent)


def _change(facts: Mapping[str, Any]) -> float | None:
    """By how many LU a render changed the loudness; None where there is none."""
    loudness = facts.get("loudness") or {}
    before, after = loudness.get("content") or {}, loudness.get("result") or {}
    own, made = before.get("integrated_lufs"), after.get("integrated_lufs")
    return None if own is None or made is None else float(made) - float(own)


def _level_problem(name: str, change: float | None, mix_change: float | None) -> str:
    if change is None or mix_change is None or abs(change - mix_change) <= MOST_LU:
        return ""
    return f"{name} is {change - mix_change:+.1f} LU against the mix."
