"""The end of a job's journey: what was made elsewhere is put in its place, as if it was made here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nast_fx.audio.atomic import AtomicFile
from nast_fx.audio.output_names import place
from nast_fx.jobs.carrier import Carrier
from nast_fx.jobs.parcel import Parcel, places
from nast_fx.jobs.receipt import write_receipt

__all__ = ["deliver"]


def deliver(
    answer: Mapping[str, Any], parcel: Parcel, carrier: Carrier, receipt: Path | None = None
) -> dict[str, Any]:
    """Put result and side files in their places, each whole or not at all, and give the facts.

    Parameters
    ----------
    answer : mapping
        A worker's.
    parcel : Parcel
    carrier : Carrier
    receipt : path, optional
        Where to say what is in its place.

    Raises
    ------
    AudioFileError
        A place was taken meanwhile, or cannot be written.
    """
    facts = dict(answer["facts"])
    policies = dict(places(parcel.request, parcel.output, parcel.side_files))
    for part in answer["files"]:
        asked = parcel.output if part["kind"] == "output" else parcel.side_files[part["kind"]]
        if asked is None:
            continue
        path, replace = place(asked.with_name(part["name"]), parcel.request.inputs, policies[asked])
        with AtomicFile(path, overwrite=replace) as atomic:
            carrier.fetch(part, atomic.file)
        if part["kind"] == "output":
            facts["output"] = str(path)
            if receipt is not None:
                write_receipt(receipt, facts)
    if parcel.saved_preset is not None:
        facts["save_preset"] = str(_save_preset(parcel, parcel.saved_preset))
    if receipt is not None and parcel.output is not None:
        write_receipt(receipt, facts, _sides(parcel))
    return facts


def _sides(parcel: Parcel) -> list[Path]:
    saved = [] if parcel.saved_preset is None else [parcel.saved_preset]
    return [*parcel.side_files.values(), *saved]


def _save_preset(parcel: Parcel, path: Path) -> Path:
    from nast_fx.jobs.side_files import SideFiles

    files = SideFiles(parcel.request, {"save-preset": path})
    return files.save_preset()
