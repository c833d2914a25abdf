"""The command line: Typer commands that make requests, drain the engine and say what came of it."""

from nast_fx.cli.app import main

__all__ = ["main"]
