"""`nast-fx methods`: which there are, and what can be set; all of it from `nast_fx.models`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nast_fx.cli.console import write_json, write_out
from nast_fx.cli.fields import choices, limits, unit
from nast_fx.cli.groups import CommandGroup
from nast_fx.cli.tables import write_table
from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models import METHOD_SETTINGS, MethodSettings

__all__ = ["app"]

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

app = typer.Typer(
    cls=CommandGroup,
    help="List the methods, and show the settings of one.",
    invoke_without_command=True,
    add_completion=False,
)


@app.callback()
def methods(context: typer.Context) -> None:
    """List the methods, and show the settings of one."""
    if context.invoked_subcommand is None:
        list_methods()


@app.command("list")
def list_methods(json: Json = False) -> None:
    """List the methods."""
    if json:
        write_json({"type": "result", "methods": [_head(name) for name in METHOD_SETTINGS]})
        return
    rows = [(name, model.title, model.paper) for name, model in METHOD_SETTINGS.items()]
    write_table(("method", "what it is", "source"), rows)


@app.command("show")
def show_method(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the method.")], json: Json = False
) -> None:
    """Show what can be set of a method with --set KEY=VALUE."""
    if name not in METHOD_SETTINGS:
        raise UsageError(f"there is no method '{name}'{did_you_mean(name, METHOD_SETTINGS)}")
    model = METHOD_SETTINGS[name]
    if json:
        write_json({"type": "result", **_head(name), "settings": _settings(model)})
        return
    for line in (f"{name}: {model.title}", model.paper, ""):
        write_out(line)
    rows = [
        (key, _shown(field["default"]), field["range"], field["unit"], field["help"])
        for key, field in _settings(model).items()
    ]
    write_table(("setting", "default", "range", "unit", "meaning"), rows)


def _head(name: str) -> dict[str, str]:
    model = METHOD_SETTINGS[name]
    return {"name": name, "title": model.title, "paper": model.paper}


def _settings(model: type[MethodSettings]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "default": field.default,
            "range": limits(field),
            "choices": list(choices(field)),
            "unit": unit(field),
            "help": field.description or "",
        }
        for name, field in model.model_fields.items()
    }


def _shown(default: Any) -> str:
    if default is None:
        return "-"
    return str(default).lower() if isinstance(default, bool) else str(default)
