"""The pages: one of each reproduction, and one over all that were run into a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nast_fx.reproductions.base import Cell, Reproduction, Result, Setup, Table, Verdict

__all__ = ["csv_text", "facts_of", "overview", "page"]

MOST_ROWS = 40
"""Rows of a page's table; the CSV file has them all."""


def facts_of(reproduction: Reproduction, setup: Setup, result: Result, seconds: float) -> dict[str, Any]:
    """Put what the overview needs into a dictionary, ready for JSON."""
    findings = [
        {
            "claim": found.claim.text,
            "paper": found.claim.figure,
            "rule": found.claim.rule,
            "ours": found.ours,
            "verdict": found.verdict.value,
            "sentence": found.sentence,
        }
        for found in result.findings
    ]
    return {
        "name": reproduction.name,
        "title": reproduction.title,
        "paper": reproduction.paper,
        "size": setup.size,
        "seed": setup.seed,
        "seconds": round(seconds),
        "done": list(result.done),
        "findings": findings,
    }


def page(facts: Mapping[str, Any], table: Table, pictures: Mapping[str, str]) -> str:
    """Write the page of one reproduction, as Markdown.

    Parameters
    ----------
    facts : mapping
        Of `facts_of`.
    table : Table
    pictures : mapping
        Title to the file's path as the page has it.
    """
    images = [f"![{title}]({path})" for title, path in pictures.items()]
    shown = Table(table.heads, table.rows[:MOST_ROWS])
    return "\n".join(
        [
            f"# {facts['title']}",
            "",
            *_body(facts),
            *[line for image in images for line in (image, "")],
            "## Figures",
            "",
            *_table_lines(shown),
            "",
            f"All {len(table.rows)} rows are in `{facts['name']}.csv`.",
            "",
        ]
    )


def overview(all_facts: Sequence[Mapping[str, Any]]) -> str:
    """Write the page over several reproductions: every claim with its verdict, and what was run."""
    lines = [
        "# Reproductions",
        "",
        "Each claim of the papers, measured again by `nast-fx reproduce`. A verdict is computed from the",
        "figures by the rule that stands beside it; nobody has listened for it.",
        "",
        *_counts(all_facts),
        "",
    ]
    for facts in all_facts:
        lines += [f"## {facts['title']}", "", *_body(facts)]
        if facts.get("picture"):
            title, path = facts["picture"]
            lines += [f"![{title}]({path})", ""]
    return "\n".join(lines)


def csv_text(table: Table) -> str:
    """Write a table as comma-separated values with full precision."""
    lines = [",".join(_quoted(head) for head in table.heads)]
    lines += [",".join(_quoted(_exact(cell)) for cell in row) for row in table.rows]
    return "\n".join([*lines, ""])


def _body(facts: Mapping[str, Any]) -> list[str]:
    command = f"nast-fx reproduce {facts['name']} --{facts['size']}"
    command += f" --seed {facts['seed']}" if facts["seed"] else ""
    lines = [f"{facts['paper']}. `{command}`, {_duration(facts['seconds'])}.", ""]
    lines += [
        "| claim | the paper's figure | counts as confirmed if | ours | verdict |",
        "|---|---|---|---|---|",
    ]
    for found in facts["findings"]:
        cells = [found["claim"], found["paper"] or "-", found["rule"] or "-", found["ours"] or "-"]
        lines.append("| " + " | ".join(map(_cell_text, [*cells, found["sentence"]])) + " |")
    return [*lines, "", *[f"- {sentence}" for sentence in facts["done"]], ""]


def _counts(all_facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many claims ended how, a row a reproduction."""
    verdicts = [verdict.value for verdict in Verdict]
    lines = ["| reproduction | size | " + " | ".join(verdicts) + " |", "|---|---|" + "---|" * len(verdicts)]
    for facts in all_facts:
        ended = [found["verdict"] for found in facts["findings"]]
        counts = " | ".join(str(ended.count(verdict)) for verdict in verdicts)
        lines.append(f"| `{facts['name']}` | {facts['size']} | {counts} |")
    return lines


def _table_lines(table: Table) -> list[str]:
    lines = ["| " + " | ".join(table.heads) + " |", "|" + "---|" * len(table.heads)]
    return lines + ["| " + " | ".join(map(_rounded, row)) + " |" for row in table.rows]


def _rounded(cell: Cell) -> str:
    if cell is None:
        return "-"
    return f"{cell:.3g}" if isinstance(cell, float) else _cell_text(_exact(cell))


def _exact(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return repr(cell) if isinstance(cell, float) else str(cell)


def _cell_text(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _quoted(text: str) -> str:
    needs = any(mark in text for mark in ',"\n')
    return '"' + text.replace('"', '""') + '"' if needs else text


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
