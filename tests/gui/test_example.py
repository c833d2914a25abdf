from __future__ import annotations

from pathlib import Path

from nast_fx.jobs.run import run_request


def test_the_example_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "example"
    facts = run_request({"kind": "example", "request": {"folder": str(folder)}})
    paths = [Path(facts[name]) for name in ("content", "style")]
    assert all(path.stat().st_size > 100_000 for path in paths)
    before = [path.stat().st_mtime_ns for path in paths]
    assert run_request({"kind": "example", "request": {"folder": str(folder)}}) == facts
    assert [path.stat().st_mtime_ns for path in paths] == before
