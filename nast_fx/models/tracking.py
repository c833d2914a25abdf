"""What a result keeps of its content: loudness, silence, key; and what a score may control."""

from __future__ import annotations

from pydantic import field_validator

from nast_fx.errors import UsageError
from nast_fx.models.base import Settings, setting
from nast_fx.models.key import Key, parse_key

__all__ = ["Tracking"]

_KEY_WORDS = ("content", "off")


class Tracking(Settings):
    """How loudness and key of a result follow the content, or go where they are sent."""

    loudness_follow: float = setting(
        1.0, "How far the result's short-term loudness follows the content's (0 not, 1 wholly).", ge=0, le=1
    )
    loudness: float | None = setting(
        None, "Integrated loudness of the result; empty is the content's own.", unit="LUFS", ge=-60, le=0
    )
    ceiling: float | None = setting(
        None,
        "True peak that nothing exceeds; empty is -1 dBTP, or the content's own true peak if that is higher.",
        unit="dBTP",
        ge=-30,
        le=0,
    )
    gate: float = setting(
        45.0,
        "Where the content is so far below its own loudness, the result is brought down to it.",
        unit="LU",
        ge=10,
        le=100,
    )
    key: str = setting(
        "content",
        "The style is transposed to the content's key (content), stays as it is (off), or content and style "
        "are both brought to a key such as F# minor, Eb major, 11A or 4m.",
    )
    amount_controller: int | None = setting(
        None, "MIDI controller of the score that scales the amount over time.", ge=0, le=127
    )
    strength_controller: int | None = setting(
        None, "MIDI controller of the score that scales the strength, segment by segment.", ge=0, le=127
    )

    @field_validator("key")
    @classmethod
    def _key_is_known(cls, value: str) -> str:
        word = value.strip().lower()
        if word in _KEY_WORDS:
            return word
        try:
            return parse_key(value).name
        except UsageError:
            raise ValueError("content, off, or a key such as F# minor, Eb major, 11A or 4m") from None

    @property
    def named_key(self) -> Key | None:
        """The key that both are brought to, if one is named."""
        return None if self.key in _KEY_WORDS else parse_key(self.key)

    @property
    def leaves_untouched(self) -> bool:
        """Whether a content that nothing else changes passes as it is."""
        return self.loudness is None and self.ceiling is None and self.named_key is None
