"""The program `nast-fx`: its commands, loaded when they are called, and how it ends.

`nast-fx --help` must answer at once, so a command's module is imported only when that command runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from nast_fx import __version__
from nast_fx.cli.ending import Cancellation, describe, redirect_stdout
from nast_fx.cli.groups import ProgramGroup

__all__ = ["app", "main"]

COMMANDS = {
    "render": "Style a recording with the sound of one or several others.",
    "texture": "Make a texture of any length from the sound of one or several recordings.",
    "edit": "Style a recording in place, as an external editor of a DAW.",
    "batch": "Style folders of recordings, and go on where it was broken off.",
    "watch": "Style what is put into a folder, as it comes.",
    "style": "Learn portable styles from recordings, list them, and show what one is.",
    "chain": "Show and check chains of effects, and run a file through one.",
    "presets": "List, show, save, edit, check, take in and give away presets.",
    "plugins": "Find, list and show plugins (VST3, Audio Unit), edit one in its own window, deny one.",
    "methods": "List the methods, and show the settings of one.",
    "analyze": "Tell loudness, key and tempo of recordings.",
    "evaluate": "Measure a result against its content and its style.",
    "export-dawproject": "Put results and contents into a project for Bitwig, Studio One and others.",
    "demo": "Render a demonstration from the program's own sounds, and say what to listen for.",
    "doctor": "Check this installation: versions, devices, formats, space.",
    "bench": "Measure speed and quality on this machine.",
    "reproduce": "Measure the claims of the papers again.",
    "gui": "Open the desktop app.",
    "worker": "Do jobs for another program, by JSON lines.",
    "serve": "Do jobs for several programs of yours on this machine, at a socket.",
    "train": "Train a network on instruments or sounds, or an autoencoder.",
}

EPILOG = "A first try: nast-fx demo. Then: nast-fx render song.wav --style rain.wav"


app = typer.Typer(
    cls=ProgramGroup,
    help="Neural audio style transfer as an offline effect.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
for _name, _help in COMMANDS.items():
    app.command(_name, help=_help)(lambda: None)


@app.callback()
def _program(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"nast-fx {__version__}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 done, 1 error, 2 usage, 3 some failed, 4 nothing to do, 5 no device or memory,
        130 cancelled.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    with Cancellation() as cancellation:
        try:
            code = _run(args)
            cancellation.check()
        except BaseException as error:
            if isinstance(error, BrokenPipeError):
                redirect_stdout()  # nobody reads any more: no reason for words
                return 1
            code = describe(error, cancelled=cancellation.happened, as_json="--json" in args)
    with contextlib.suppress(ValueError):
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            redirect_stdout()
            return 1
    return code


def _run(args: list[str]) -> int:
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        is_utf8 = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        with contextlib.suppress(AttributeError, ValueError):
            # A name that the terminal cannot show must not end a render.
            stream.reconfigure(errors=errors if is_utf8 else "backslashreplace")  # type: ignore[union-attr]
    # Read when torch is loaded. Threads that wait in a loop make a render on a busy machine 10 to 40
    # times as slow (measured, two cores and one other program); sleeping ones share it fairly.
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    code = typer.main.get_command(app).main(args, prog_name="nast-fx", standalone_mode=False)
    return code if isinstance(code, int) else 0
