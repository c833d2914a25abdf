"""Objects that Qt's types call optional, where they are certain to be there."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["certain"]

T = TypeVar("T")


def certain(value: T | None) -> T:
    """Give `value`; that it is missing would be a defect.

    Raises
    ------
    RuntimeError
        It is missing.
    """
    if value is None:
        raise RuntimeError("Qt gave no object where there always is one")
    return value
