"""Is every module of ours here? ``python -m nast_fx.whole`` imports them all and names what is missing.

It is for the app, whose modules were picked by a program that cannot see what is imported by name. One JSON
object on stdout: ``modules`` (how many), ``missing`` (module to what it lacks). Exit code 1 if anything is.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

__all__ = ["missing_modules"]

PACKAGES = ("nast_fx", "nast_fx_gui", "nast_fx_presets")
EXTRA = ("dask", "distributed", "fsspec")  # of the extra `cluster`, which need not be installed
LEFT_OUT = ("nast_fx_gui.screenshots",)  # a tool of the developers', not in the app


def missing_modules() -> tuple[int, dict[str, str]]:
    """Import all modules: how many there are, and what those lack that cannot be imported."""
    names = [*PACKAGES]
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names += [found.name for found in pkgutil.walk_packages(path, f"{package}.")]
    missing = {}
    for name in names:
        if name.endswith("__main__") or name in LEFT_OUT:
            continue  # a start, not a module
        try:
            importlib.import_module(name)
        except ImportError as error:
            if (error.name or "").partition(".")[0] not in EXTRA:
                missing[name] = str(error)
    return len(names), missing


if __name__ == "__main__":
    n_modules, found = missing_modules()
    sys.stdout.write(json.dumps({"modules": n_modules, "missing": found}) + "\n")
    sys.exit(bool(found))
