"""The page ``docs/worker.md``, made from the messages: ``python -m nast_fx.studies.worker_page FILE``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from nast_fx.models import Settings
from nast_fx.models.messages import ANSWERS, MAX_LINE, PROTOCOL, QUESTIONS, REQUESTS

__all__ = ["worker_page"]

_INTRODUCTION = f"""# The worker

`nast-fx worker` does jobs for another program: a window, a script, a queue. It reads messages on \
stdin and answers on stdout, one JSON object a line, UTF-8, protocol {PROTOCOL}. This page is made \
from `nast_fx/models`.

- One job at a time: `run` is refused while another one runs. Several workers do several jobs.
- Everything said about a job carries its `id`. A job ends with exactly one `result` or `error`; \
files are there whole after a `result`, and none is after an `error`; but a batch keeps those that \
were finished.
- A message that is unknown, malformed or longer than {MAX_LINE >> 20} MiB gets an `error` without \
an `id`; the worker goes on.
- `cancel` and `pause` act at the job's next report, some times a second while it computes. A \
paused worker holds the next job too, until `resume`. With a batch, its files are held and stopped.
- stdout carries nothing else; what libraries print goes to stderr.
- When stdin closes, also in the middle of a job, the worker stops the job, removes what is \
unfinished, and ends, after three seconds at the latest. So no worker outlives a parent that was \
killed.
- A process is new and small until its first job; ending it gives all memory back, the GPU's too.

```
$ nast-fx worker
{{"type": "hello", "protocol": {PROTOCOL}}}
{{"type": "run", "id": "a", "kind": "render", "request": {{"content": "song.wav", "styles": \
[{{"path": "rain.wav"}}], "output": "out.wav"}}}}
{{"type": "cancel", "id": "a"}}
```

Kinds of jobs are {", ".join(f"`{kind}`" for kind in REQUESTS)}; `describe` gives the JSON schemas \
of their requests, of each method's settings and of all messages.
"""


_RESULTS = {
    "render": "Result: as `nast-fx render --json`; files beside it by `side_files`.",
    "texture": "Result: as `nast-fx texture --json`; files beside it by `side_files`.",
    "analyze": "Result: as `nast-fx analyze --json`: loudness, key in three notations, tempo.",
    "chain": "Result: as `nast-fx chain run --json`.",
    "check": "Result: as `nast-fx render --dry-run --json`: output, frames, segments, device and why, notes.",
    "peaks": "Parts: `columns` that are in the file, of `n_columns`, and `channels`, `sample_rate`. "
    "Result: `columns`, `channels`, `sample_rate`, `frames`, `seconds`. Columns come in their "
    "order; the last may be short.",
    "spectrogram": "Result: `bottom_hz`, `top_hz`, `start_seconds`, `length_seconds`, `sample_rate`.",
    "presets": "Results: of `list` `presets` and `broken`; of `load` `preset` (values with whole names of "
    "files) and where it is from; of `save` `name`, `path`, `layer`, and `hidden_by` if another "
    "layer has the name; of `delete` `deleted`, and `now` if one of the name is left; of `import`"
    " `names`, or `needs`: sentences to agree to, after which it is asked again with `allow`; of "
    "`export` `files`.",
    "styles": "Results: of `list` `styles` and `faults`; of `show` the style's facts and `picture`, a PNG "
    "in base64; of `learn` `path` and the facts.",
    "plugins": "Parts of `scan`: `path`, `plugins` and `error` of each file that was opened. Results: of "
    "`list` and `scan` `plugins`, `failures`, `denied`, of `list` also `builtins`; of `show` "
    "`parameters`, and a `slot` for a chain; of `edit` the `slot` as it was left, and `changes`; "
    "of `deny` and `allow` whether it `changed`.",
    "batch": "Parts: of each file as it changes `number`, `content`, `output`, `state` (queued, running, "
    "done, skipped, failed, cancelled), `share`, `seconds_left`, `message`, and `result` where it"
    " is done; or only `note`. Result: how many are `done`, `skipped`, `failed`, `cancelled`; "
    "`folder`, `manifest`, `stems`. A batch that is cancelled, or whose worker is ended, is gone "
    "on with by `resume`, or `nast-fx batch --resume`.",
    "plan": "Result: `folder`, `files` as the parts of a batch, `n_contents`, `passed_over`.",
    "wait": "Result: `seconds`.",
}


def worker_page() -> str:
    """Give the page as Markdown."""
    parts = [_INTRODUCTION, "## To the worker\n", *_sections(QUESTIONS)]
    parts += ["## From the worker\n", *_sections(ANSWERS)]
    parts += ["## Kinds of jobs\n", *_sections(REQUESTS, _RESULTS)]
    return "\n".join(parts).rstrip() + "\n"


def _sections(models: Mapping[str, type[Settings]], more: Mapping[str, str] | None = None) -> list[str]:
    sections = []
    for name, model in models.items():
        rows = [_row(field, info) for field, info in model.model_fields.items() if field != "type"]
        table = ["| field | type | |", "|---|---|---|", *rows, ""] if rows else []
        summary = (model.__doc__ or "").strip().splitlines()[0]
        said = [(more or {})[name], ""] if more else []
        sections.append("\n".join([f"### `{name}`", "", summary, "", *table, *said]))
    return sections


def _row(name: str, info: FieldInfo) -> str:
    needed = "" if not info.is_required() else " Needed."
    return f"| `{name}` | {_type(info.annotation)} | {info.description}{needed} |"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(annotation))
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        type(None): "null",
        Path: "name of a file",
        Any: "anything",
    }
    if annotation in names:
        return names[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "object"
    if get_origin(annotation) in (dict, tuple):
        return "object" if get_origin(annotation) is dict else "list"
    return " or ".join(_type(part) for part in get_args(annotation))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(worker_page(), encoding="utf-8")
