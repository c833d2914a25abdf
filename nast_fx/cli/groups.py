"""Groups of commands: a wrong name gets a suggestion, a lazy one takes a command from its module."""

from __future__ import annotations

import importlib
import os
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from nast_fx.errors import UsageError, did_you_mean

__all__ = ["CommandGroup", "ProgramGroup"]


class CommandGroup(TyperGroup):
    """A group that suggests the nearest command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` begin with."""
        name = args[0]
        if name not in self.commands and not ctx.resilient_parsing and not name.startswith("-"):
            raise UsageError(self.unknown(name))
        return super().resolve_command(ctx, args)

    def unknown(self, name: str) -> str:
        """Say that there is no such command."""
        near = did_you_mean(name, self.commands) or f"; there are {', '.join(self.commands)}"
        return f"there is no command '{name}'{near}"


class ProgramGroup(CommandGroup):
    """The commands of the program, each in its own module, imported when it is called."""

    package: ClassVar[str] = "nast_fx.cli"

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that `args` begin with."""
        if args[0] in self.commands:
            module = importlib.import_module(f"{self.package}.{args[0].replace('-', '_')}")
            self.commands[args[0]] = typer.main.get_command(module.app)
        return super().resolve_command(ctx, args)

    def unknown(self, name: str) -> str:
        """Say so; a file's name is a forgotten `render`."""
        if os.path.exists(name):
            return f"'{name}' is a file, not a command; to style it: nast-fx render FILE --style STYLE"
        return super().unknown(name)
