"""What the local service allows: how many clients, how much they may ask for, and for how long."""

from __future__ import annotations

from nast_fx.models.base import Settings, setting

__all__ = ["ServiceLimits"]


class ServiceLimits(Settings):
    """Limits of `nast-fx serve`."""

    n_workers: int = setting(1, "How many jobs that compute run side by side.", ge=1, le=64)
    max_clients: int = setting(
        32, "How many clients are served at a time; a further one is refused.", ge=1, le=1000
    )
    max_jobs: int = setting(
        16, "How many jobs of a client may run and wait; a further one is refused.", ge=1, le=10_000
    )
    max_line: float = setting(
        8.0,
        "The longest message of a client, and the most that its waiting jobs hold together.",
        unit="MiB",
        ge=0.001,
        le=64,
    )
    max_minutes: float = setting(
        240.0,
        "How long a job may run, pauses included, before it is stopped.",
        unit="min",
        gt=0,
        le=10_080,
    )

    @property
    def line_bytes(self) -> int:
        """The longest message in bytes."""
        return round(self.max_line * 2**20)
