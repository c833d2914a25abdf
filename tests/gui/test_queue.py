from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PyQt6.QtCore import QItemSelectionModel, Qt
from PyQt6.QtWidgets import QApplication, QTableView

from nast_fx_gui.certain import certain
from nast_fx_gui.model.queue import COLUMNS, QueueModel, Row, count_states
from nast_fx_gui.model.queue_filter import FILTERS, QueueFilter
from nast_fx_gui.model.queue_words import STATES, counts_text, duration_text, state_words, tally_words
from nast_fx_gui.panels.queue_table import QueueTable
from nast_fx_gui.panels.state_marks import MARKS

MANY = 5000
FRAME = 0.1  # seconds in which a window still feels quick
ROLE = Qt.ItemDataRole


def rows(count: int, folder: str = "in") -> list[Row]:
    return [Row(f"/{folder}/song {n}.wav", f"/out/song {n}.styled.wav") for n in range(count)]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the processor works longer than that; other programs' work does not count."""
    began = time.thread_time()
    yield
    QApplication.processEvents()
    assert time.thread_time() - began < seconds


def shown(model: QueueFilter) -> list[str]:
    return [row.content for row in model.rows]


@pytest.mark.parametrize("column", [-1, *range(len(COLUMNS))])
@pytest.mark.slow
def test_thousands_of_rows_do_not_lag(column: int, qapp: QApplication) -> None:
    queue = QueueModel()
    table = QueueTable(queue)
    table.resize(1280, 600)
    table.show()
    table.filter.sort(column)
    QApplication.processEvents()  # the window's own first painting
    with within(2 * FRAME):
        queue.put(rows(MANY))
    with within(FRAME):
        for n in range(1000):
            queue.change(f"/in/song {5 * n}.wav", {"share": n / 1000, "state": "running"})
    with within(FRAME):
        queue.show_changes()
    with within(FRAME):
        table.viewport().grab()  # type: ignore[union-attr]
    with within(FRAME):
        table.selectAll()
    with within(2 * FRAME):
        table.filter.sort(0, Qt.SortOrder.DescendingOrder)
    with within(2 * FRAME):
        table.filter.search("song 99")
    table.close()


def test_the_models_keep_qts_rules(qtmodeltester: Any) -> None:
    queue = QueueModel()
    queue.put(rows(20))
    model = QueueFilter(queue)
    qtmodeltester.check(queue)
    qtmodeltester.check(model)
    model.sort(0, Qt.SortOrder.DescendingOrder)
    queue.put(rows(10)[3:] + rows(5, "more"))
    queue.change("/in/song 4.wav", {"state": "failed"})
    model.show_only("failed")
    queue.show_changes()
    model.show_only("all")
    qtmodeltester.check(model)


def test_changes_are_shown_together(qtbot: Any) -> None:
    queue = QueueModel()
    queue.put(rows(100))
    seen: list[tuple[int, int]] = []
    queue.dataChanged.connect(lambda top, bottom: seen.append((top.row(), bottom.row())))
    for _ in range(50):
        for n in range(10, 90):
            queue.change(f"/in/song {n}.wav", {"share": 0.5})
    assert seen == []
    qtbot.waitUntil(lambda: bool(seen), timeout=2000)
    assert seen == [(10, 89)]


def test_a_row_says_all_of_a_file() -> None:
    queue = QueueModel()
    queue.root = "/out"
    queue.put([Row("/in/a.wav", "/out/drums/a.styled.wav", "running", 0.42, 130, "slow disk", "drums")])
    texts = [queue.index(0, n).data() for n in range(len(COLUMNS))]
    assert texts == ["drums/a.wav", "drums/a.styled.wav", "working", "42%", "2 min 10 s", "slow disk"]
    assert queue.index(0, 1).data(ROLE.ToolTipRole) == "/out/drums/a.styled.wav"
    assert queue.index(0, 2).data(ROLE.AccessibleTextRole) == "State: working"
    titles = [queue.headerData(n, Qt.Orientation.Horizontal) for n in range(len(COLUMNS))]
    assert titles == ["Name", "Result", "State", "Progress", "Time left", "Message"]


def test_every_state_has_a_word_and_a_mark() -> None:
    assert set(STATES) == set(state_words()) == set(tally_words()) == set(MARKS)
    assert len(set(state_words().values())) == len(STATES)
    outlines = {
        str([(path.elementAt(n).x, path.elementAt(n).y) for n in range(path.elementCount())])
        for path in (make() for make in MARKS.values())
    }
    assert len(outlines) == len(STATES)


def test_what_stays_keeps_its_place() -> None:
    queue = QueueModel()
    queue.put(rows(10))
    moves: list[str] = []
    queue.rowsInserted.connect(lambda _parent, first, last: moves.append(f"+{first}-{last}"))
    queue.rowsRemoved.connect(lambda _parent, first, last: moves.append(f"-{first}-{last}"))
    queue.modelReset.connect(lambda: moves.append("reset"))
    queue.put(rows(12))
    queue.put(rows(12)[:4] + rows(12)[6:])
    queue.put(rows(12)[:4] + rows(12)[6:])
    assert moves == ["+10-11", "-4-5"]
    queue.put(rows(14)[1:4] + rows(14)[7:])
    assert moves[2:] == ["-4-4", "-0-0", "+8-9"]
    queue.put([])
    assert (moves[5:], queue.rowCount()) == (["-0-9"], 0)


def test_new_rows_of_the_engine_come_in_one_go(qtbot: Any) -> None:
    queue = QueueModel()
    queue.put(rows(3))
    with qtbot.waitSignal(queue.rowsInserted) as signal:
        for row in rows(100, "more"):
            queue.change(row.content, {"state": "running", "share": 0.1})
            queue.change(row.content, {"share": 0.2})
    assert signal.args is not None
    assert signal.args[1:] == [3, 102]
    row = queue.row_of("/more/song 7.wav")
    assert row is not None
    assert (row.state, row.share) == ("running", 0.2)


def test_sorting_counts_as_people_do() -> None:
    queue = QueueModel()
    model = QueueFilter(queue)
    queue.put([Row(f"/in/{name}.wav") for name in ("b10", "B2", "a1")])
    model.sort(0)
    assert shown(model) == ["/in/a1.wav", "/in/B2.wav", "/in/b10.wav"]
    model.sort(0, Qt.SortOrder.DescendingOrder)
    assert shown(model)[0] == "/in/b10.wav"
    model.sort(-1)
    assert shown(model)[0] == "/in/b10.wav"
    assert shown(model)[2] == "/in/a1.wav"


def test_sorted_by_state_faults_come_first() -> None:
    queue = QueueModel()
    model = QueueFilter(queue)
    queue.put([Row(f"/{state}", state=state) for state in reversed(STATES)])
    model.sort(COLUMNS.index("state"))
    assert shown(model) == [f"/{state}" for state in STATES]


def test_filters_follow_the_rows() -> None:
    queue = QueueModel()
    model = QueueFilter(queue)
    queue.put([Row(f"/in/{state}.wav", state=state) for state in STATES])
    for name, states in FILTERS.items():
        model.show_only(name)
        assert {row.state for row in model.rows} == (states or set(STATES))
    model.show_only("failed")
    queue.change("/in/failed.wav", {"state": "done"})
    queue.show_changes()
    assert shown(model) == ["/in/broken.wav", "/in/cancelled.wav"]
    model.show_only("all")
    queue.change("/in/next.wav", {"message": "The DISK is full"})
    queue.show_changes()
    model.search("disk next")
    assert (shown(model), model.n_hidden) == (["/in/next.wav"], len(STATES) - 1)


def test_a_selection_survives_sorting_and_new_rows(qtbot: Any) -> None:
    queue = QueueModel()
    model = QueueFilter(queue)
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    queue.put(rows(30))
    selection = certain(view.selectionModel())
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for n in (3, 17):
        selection.select(model.index(n, 0), flags)
    model.sort(0, Qt.SortOrder.DescendingOrder)
    queue.put(rows(40)[2:])
    chosen = {model.rows[index.row()].content for index in selection.selectedRows()}
    assert chosen == {"/in/song 3.wav", "/in/song 17.wav"}


def test_results_are_dragged_as_files() -> None:
    queue = QueueModel()
    model = QueueFilter(queue)
    queue.put([Row("/in/a.wav", "/out/ä b.wav", "done"), Row("/in/b.wav", "/out/b.wav", "waiting")])
    drag = Qt.ItemFlag.ItemIsDragEnabled
    assert model.flags(model.index(0, 0)) & drag
    assert not model.flags(model.index(1, 0)) & drag
    urls = model.mimeData([model.index(0, 0), model.index(0, 1)]).urls()
    assert [url.toLocalFile() for url in urls] == ["/out/ä b.wav"]


def test_counts_and_times_are_said() -> None:
    counts = count_states([Row("a", state="failed"), Row("b", state="done"), Row("c", state="done")])
    assert counts_text(counts) == "2 done, 1 failed"
    assert counts_text({}) == ""
    said = [duration_text(seconds) for seconds in (None, -1, 0.4, 59.6, 3599, 3661)]
    assert said == ["", "0 s", "0 s", "1 min 00 s", "59 min 59 s", "1 h 01 min"]
