"""Which results of a batch shall sum to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["StemGroup"]


@dataclass(frozen=True)
class StemGroup:
    """Results that belong together: styled stems, and the styled mix; where they are wanted."""

    mix: Path
    stems: tuple[Path, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {"mix": str(self.mix), "stems": [str(path) for path in self.stems]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StemGroup:
        """Make it of that."""
        return cls(Path(values["mix"]), tuple(Path(path) for path in values["stems"]))
