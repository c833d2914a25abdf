"""Choose where to compute, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nast_fx.errors import DeviceError

__all__ = ["choose_device", "device_errors"]


def choose_device(name: str) -> tuple[torch.device, str]:
    """Find a device by name; ``auto`` takes the fastest that is there.

    Returns
    -------
    device : torch.device
    reason : str
        One sentence for the user.

    Raises
    ------
    DeviceError
        The named device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        found = next(key for key, is_there in available.items() if is_there)
        reason = "no GPU was found" if found == "cpu" else "it is the fastest that was found"
        return torch.device(found), f"{found}, since {reason}"
    if not available[name]:
        raise DeviceError(f"there is no {name} device here; leave out --device, or use --device cpu")
    return torch.device(name), f"{name}, as asked"


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn a lack of memory into a sentence."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise DeviceError(_ADVICE) from error
    except RuntimeError as error:
        if "alloc" in str(error).lower() and "memory" in str(error).lower():
            raise DeviceError(_ADVICE) from error
        raise


_ADVICE = "there is not enough memory: use shorter segments (--segment), fewer filters or another device"
