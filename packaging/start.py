"""Start of the app: the executable is the command line, the window, and every process of ours.

nast-fx COMMAND ...         the command line
nast-fx -m MODULE ...       a module of ours, as `nast_fx.own_process.own_command` starts one
nast-fx-gui [FILE]          the window, where the system starts programs by a click (macOS, Windows)
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from pathlib import Path

OURS = ("nast_fx", "nast_fx_gui")


def main() -> None:
    """Be what the name and the first arguments say."""
    multiprocessing.freeze_support()
    _restore_library_path()
    module = "nast_fx_gui" if Path(sys.executable).stem == "nast-fx-gui" else "nast_fx"
    if sys.argv[1:2] == ["-m"]:
        module = "".join(sys.argv[2:3])
        if module.partition(".")[0] not in OURS:
            sys.exit(f"error: -m {module}: only modules of nast-fx are started")
        del sys.argv[1:3]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _restore_library_path() -> None:
    """Give what we start the user's own library path; ours is for our libraries, and is in use by now.

    Another process of ours finds its libraries itself, unless PyInstaller's own variables say it has.
    """
    if sys.platform != "linux":
        return
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before


if __name__ == "__main__":
    main()
