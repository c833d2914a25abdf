"""REAPER's action: the script itself, run under a stand-in of REAPER, with the program and with false ones.

What is heard of an item at a time of the project is computed as REAPER does: source second = take's offset +
time in the item x playrate.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from nast_fx.studies.sounds import SOUNDS

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "packaging" / "reaper" / "nast-fx.lua"
STAND_IN = Path(__file__).parent / "reaper" / "stand_in.lua"
LUA = shutil.which("lua5.4") or ""
RATE, SECONDS = 44_100, 3.0
ESCAPE = 27

pytestmark = [
    pytest.mark.skipif(not LUA, reason="needs lua5.4 (make system)"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in starts processes as POSIX does"),
]

FALSE_PROGRAM = """#!/bin/sh
[ "$1" = --version ] && echo "nast-fx 0.1.0" && exit 0
for word; do printf '%s\\n' "$word"; done >> "$(dirname "$0")/words"
echo ---- >> "$(dirname "$0")/words"
"""
MAKES_IT = """
while [ $# -gt 0 ]; do [ "$1" = --out ] && out="$2"; shift; done
echo '{"type": "progress", "stage": "transfer", "share": 0.5, "seconds_left": 65.0}'
sleep 0.3
printf 'sound' > "$out"
printf '{"type": "result", "output": "%s"}\\n' "$out"
"""


@dataclass
class Reaper:
    """A folder with a project, a program in it, and what the stand-in is told."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "my project"

    def program(self, body: str, name: str = "nast fx") -> Path:
        """Write a program of our own; its folder has a blank, as folders have."""
        path = self.folder / "the bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(body, encoding="utf-8")
        path.chmod(0o755)
        return path

    def words(self) -> list[list[str]]:
        """Words that each call of a false program was given."""
        text = (self.folder / "the bin" / "words").read_text(encoding="utf-8")
        return [call.splitlines() for call in text.split("----\n")[:-1]]

    def run(
        self, items: list[dict[str, Any]], *, program: Path | None = None, **world: Any
    ) -> dict[str, Any]:
        """Run the script to its end, and give what came of it."""
        return self.run_script(SCRIPT, items, program=program, **world)

    def run_script(
        self, script: Path, items: list[dict[str, Any]], *, program: Path | None = None, **world: Any
    ) -> dict[str, Any]:
        done = self.start(script, items, program=program, **world)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def start(
        self, script: Path, items: list[dict[str, Any]], *, program: Path | None = None, **world: Any
    ) -> subprocess.CompletedProcess[str]:
        on_step, folders = world.pop("on_step", ""), world.pop("folders", "/usr/bin:/bin")
        facts = {
            "items": items,
            "project_path": str(self.project),
            "resource_path": str(self.folder / "resources"),
            "ext_state": {"nast-fx/cli": str(program)} if program else {},
            **world,
        }
        text = f"local world = {lua(facts)}\n{on_step}\nreturn world\n"
        scenario = self.folder / "scenario.lua"
        scenario.write_text(text, encoding="utf-8")
        env = {**os.environ, "PATH": folders}  # where there is no nast-fx but the one that is named
        return subprocess.run(
            [LUA, STAND_IN, scenario, script],
            capture_output=True,
            text=True,
            env=env,
            timeout=200,
            check=False,
        )

    def left_behind(self) -> list[str]:
        """Files of runs, and partial files, that should be gone."""
        kept = list((self.folder / "resources").rglob("*")) + list(self.project.rglob(".nast-fx*"))
        return [path.name for path in kept if path.is_file()]


def lua(value: Any) -> str:
    """Write a value as Lua has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(key)}] = {lua(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'
    return repr(value)


def item(
    file: Path | str,
    *,
    seconds: float = SECONDS,
    rate: int = RATE,
    take: dict[str, Any] | None = None,
    **values: Any,
) -> dict[str, Any]:
    """Describe an item; values of the take are those of its own, the rest the item's."""
    of_take = {name: values.pop(name) for name in list(values) if name not in ("D_LENGTH", "B_LOOPSRC")}
    source = {"file": str(file), "rate": rate, "length": seconds}
    return {
        "values": {"D_LENGTH": seconds, "B_LOOPSRC": 0, **values},
        "take": {"name": Path(file).name, "source": source, "values": of_take, **(take or {})},
    }


@pytest.fixture
def reaper(tmp_path: Path) -> Reaper:
    return Reaper(tmp_path)


@pytest.fixture
def maker(reaper: Reaper) -> Path:
    """A program that makes a file at once."""
    return reaper.program(FALSE_PROGRAM + MAKES_IT)


@pytest.fixture
def real(reaper: Reaper) -> Path:
    """The program itself."""
    return reaper.program(f'#!/bin/sh\nexec "{sys.executable}" -m nast_fx "$@"\n')


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, SOUNDS["song"](SECONDS, RATE, 0).samples.T, RATE, subtype="PCM_24")
    return path


@pytest.fixture
def bells(tmp_path: Path) -> Path:
    path = tmp_path / "bells.wav"
    soundfile.write(path, SOUNDS["bells"](SECONDS, RATE, 0).samples.T, RATE, subtype="PCM_16")
    return path


def inputs(
    style: object = "", preset: str = "", quality: str = "draft", amount: str = "1", more: str = ""
) -> Any:
    return {"inputs": f"{style}|{preset}|{quality}|{amount}|{more}"}


QUICK = "--set max_iterations=2"


def test_an_item_gets_its_part_of_the_source_as_a_take(
    reaper: Reaper, real: Path, song: Path, bells: Path
) -> None:
    """With an amount of 0 a result is its content to the bit: so it is where the item's part is."""
    offset, playrate, length = 0.4321, 1.25, 1.1
    one = item(song, D_STARTOFFS=offset, D_PLAYRATE=playrate, D_LENGTH=length, D_PITCH=-2.0, D_VOL=0.5)
    out = reaper.run([one], program=real, answers=inputs(bells, amount="0", more=QUICK))
    assert out["messages"] == []
    before, after = out["items"][0]["takes"]
    assert (before["is_active"], after["is_active"]) == (False, True)
    assert before["file"] == str(song)
    made = Path(after["file"])
    assert made.parent == reaper.project
    assert after["name"] == made.name == "song.styled.wav"
    kept = {name: value for name, value in before["values"].items() if name != "D_STARTOFFS"}
    assert {name: after["values"][name] for name in kept} == kept
    samples, rate = soundfile.read(made, dtype="int32")
    source = soundfile.read(song, dtype="int32")[0]
    first = round((offset - after["values"]["D_STARTOFFS"]) * RATE)
    assert rate == RATE
    np.testing.assert_array_equal(samples, source[first : first + len(samples)])
    # Each moment of the item is at the same second of the source as before, and inside of what there is.
    assert first / RATE + after["values"]["D_STARTOFFS"] == pytest.approx(offset, abs=1e-12)
    assert 0 <= after["values"]["D_STARTOFFS"] < 1 / RATE
    last = (after["values"]["D_STARTOFFS"] + length * playrate) * RATE
    assert last - 1e-3 <= len(samples) < last + 2
    assert out["undo"] == ["nast-fx: style song.wav"]
    assert reaper.left_behind() == []


def test_a_real_recording_is_styled_while_reaper_goes_on(
    reaper: Reaper, real: Path, real_loop: Callable[[str], Path]
) -> None:
    content, style = real_loop("loop_tabla"), real_loop("ambi_drone")
    info = soundfile.info(content)
    one = item(content, seconds=info.duration, rate=info.samplerate, D_STARTOFFS=1.0, D_LENGTH=2.0)
    out = reaper.run([one], program=real, answers=inputs(style, more=QUICK))
    assert out["messages"] == []
    made = out["items"][0]["takes"][1]["file"]
    samples = soundfile.read(made, always_2d=True)[0]
    source = soundfile.read(content, always_2d=True)[0][info.samplerate : info.samplerate + len(samples)]
    assert samples.shape == (2 * info.samplerate, info.channels)
    assert np.abs(samples).max() > 0.01
    assert np.abs(samples - source).max() > 0.01
    assert out["longest_step"] < 0.5, "REAPER stood still"
    assert out["steps"] > 20
    assert any(text.endswith(", transfer") or "%, transfer" in text for text in out["drawn"]), out["drawn"]
    assert not out["window_is_open"]


def test_nothing_is_selected(reaper: Reaper, maker: Path) -> None:
    out = reaper.run([], program=maker)
    assert out["messages"] == ["Select one or more items first."]
    assert out["executed"] == []


def test_what_has_no_sound_of_its_own_is_skipped_with_a_word(reaper: Reaper, maker: Path, song: Path) -> None:
    section = {"offset": 0.5, "length": 1.0, "is_reversed": True}
    reverse = item(song, take={"name": "backwards"})
    reverse["take"]["source"]["section"] = section
    items = [
        item("keys.mid", take={"name": "keys", "is_midi": True}),
        {"values": {}},
        reverse,
        item(song, take={"name": "bent", "n_stretch": 2}),
        item(song, take={"name": "late"}, D_STARTOFFS=SECONDS + 1.0),
        item(song),
    ]
    out = reaper.run(items, program=maker, answers=inputs("rain"))
    (message,) = out["messages"]
    assert message.splitlines() == [
        "keys: it is MIDI; skipped",
        "an empty item: it has no take; skipped",
        "backwards: it is a section or reversed; glue it first; skipped",
        "bent: it has stretch markers; glue it first; skipped",
        "late: nothing of its source is heard; skipped",
    ]
    assert [len(one["takes"]) for one in out["items"]] == [1, 0, 1, 1, 1, 2]
    assert len(reaper.words()) == 1
    only = reaper.run(items[:1], program=maker)
    assert only["messages"] == ["keys: it is MIDI; skipped"]
    assert only["executed"] == []


def test_the_part_of_each_item(reaper: Reaper, maker: Path, song: Path) -> None:
    """Whole files need no snippet, a looped item takes the whole, and what lies outside is left out."""
    items = [
        item(song),
        item(song, D_LENGTH=5.0, D_STARTOFFS=1.0, B_LOOPSRC=1),
        item(song, D_LENGTH=5.0, D_STARTOFFS=1.0),
        item(song, D_LENGTH=2.0, D_STARTOFFS=-0.5),
        item(song, D_LENGTH=1.0, D_PLAYRATE=2.0, D_STARTOFFS=0.5),
    ]
    out = reaper.run(items, program=maker, answers=inputs("rain"))
    snippets = [dict(itertools.pairwise(words)).get("--snippet") for words in reaper.words()]
    assert snippets == [
        None,
        None,
        "1.000000000:2.000000000",
        "0.000000000:1.500000000",
        "0.500000000:2.000000000",
    ]
    offsets = [one["takes"][1]["values"]["D_STARTOFFS"] for one in out["items"]]
    assert offsets == pytest.approx([0, 1, 0, -0.5, 0])
    assert any("3 of 5" in text for text in out["drawn"])
    assert any(text == "50 %, transfer, 1:05 left" for text in out["drawn"])


def test_odd_names_reach_the_program_as_they_are(reaper: Reaper, maker: Path) -> None:
    odd = "it's $(touch pwned) `x` 100% & ü \N{CAT FACE}; -q.wav"
    answers = inputs(f"{odd};bells=2", preset="my own", quality="", more='--set a=1 --midi "a b.mid"')
    out = reaper.run([item(f"takes/{odd}")], program=maker, answers=answers)
    assert out["messages"] == []
    (words,) = reaper.words()
    assert words[:3] == ["render", f"takes/{odd}", "--json"]
    # A semicolon is between two styles, but in the name of a file that is there.
    head = odd.split(";")
    assert words[words.index("--style") :] == [
        *("--style", head[0], "--style", head[1].strip(), "--style", "bells=2"),
        *("--preset", "my own", "--amount", "1", "--set", "a=1", "--midi", "a b.mid"),
    ]
    assert not (reaper.folder / "pwned").exists()
    assert not Path("pwned").exists()
    style = reaper.folder / "bells; rain.wav"
    style.touch()
    reaper.run([item("a.wav")], program=maker, answers=inputs(style))
    assert reaper.words()[-1].count("--style") == 1


def test_what_the_program_says_is_shown(reaper: Reaper, song: Path) -> None:
    refuses = """
[ -e "$(dirname "$0")/again" ] && { echo "Segmentation fault" >&2; exit 139; }
touch "$(dirname "$0")/again"
echo '{"type": "error", "message": "there is no style \\u0027b\\u00e4lls\\u0027; did you mean \\"bells\\"?"}'
exit 2
"""
    out = reaper.run(
        [item(song), item(song)],
        program=reaper.program(FALSE_PROGRAM + refuses),
        answers=inputs("b\u00e4lls"),
    )
    assert out["messages"] == [
        "song.wav: there is no style 'b\u00e4lls'; did you mean \"bells\"?\nsong.wav: Segmentation fault"
    ]
    assert [len(one["takes"]) for one in out["items"]] == [1, 1]
    assert out["undo"] == []
    assert reaper.left_behind() == []


def test_the_real_program_refuses_in_words(reaper: Reaper, real: Path, song: Path) -> None:
    out = reaper.run([item(song)], program=real, answers=inputs("no-such-style"))
    (message,) = out["messages"]
    assert message.startswith("song.wav: ")
    assert "no-such-style" in message
    assert len(out["items"][0]["takes"]) == 1


def test_a_program_that_is_not_found_is_asked_for(reaper: Reaper, maker: Path, song: Path) -> None:
    answers = {**inputs("rain"), "file": str(maker)}
    out = reaper.run([item(song)], program=reaper.folder / "gone", answers=answers)
    assert "was not found at" in out["messages"][0]
    assert out["ext_state"]["nast-fx/cli"] == str(maker)
    assert len(out["items"][0]["takes"]) == 2
    nothing = reaper.run([item(song)], answers=inputs("rain"))
    assert len(nothing["messages"]) == 1
    assert len(nothing["items"][0]["takes"]) == 1
    wrong = reaper.run([item(song)], answers={**inputs("rain"), "file": "/bin/true"})
    assert wrong["messages"][1] == "/bin/true does not answer as nast-fx does."
    assert "nast-fx/cli" not in wrong["ext_state"]


def test_answers_are_kept_and_offered(reaper: Reaper, maker: Path, song: Path) -> None:
    first = reaper.run([item(song)], program=maker, answers=inputs("rain", quality="high"))
    assert first["asked"] == "bells||draft|1|"
    assert first["ext_state"]["nast-fx/quality"] == "high"
    again = reaper.run([item(song)], ext_state=first["ext_state"], answers={"inputs": False})
    assert again["asked"] == "rain||high|1|"
    assert len(again["items"][0]["takes"]) == 1
    chosen = {"inputs": "||draft|1|", "file": "a style.wav"}
    reaper.run([item(song)], program=maker, answers=chosen)
    assert "a style.wav" in reaper.words()[-1]


LONG = """
trap 'echo stopped > "$(dirname "$0")/ended"; exit 130' TERM
echo '{"type": "progress", "stage": "transfer", "share": 0.1}'
sleep 60 & wait $!
"""
PRESS = "world.on_step = function(world, step) if step == 30 then world.{} end end"


@pytest.mark.parametrize("how", [f"key = {ESCAPE}", "key = -1", "is_ended = true"])
def test_escape_the_closed_window_and_an_ended_script_stop_it(reaper: Reaper, song: Path, how: str) -> None:
    program = reaper.program(FALSE_PROGRAM + LONG)
    out = reaper.run(
        [item(song), item(song)], program=program, answers=inputs("rain"), on_step=PRESS.format(how)
    )
    ended = reaper.folder / "the bin" / "ended"
    for _ in range(100):
        if ended.exists():
            break
        time.sleep(0.05)
    assert ended.read_text(encoding="utf-8") == "stopped\n"
    assert len(reaper.words()) == 1, "the second item was begun"
    if "is_ended" not in how:
        assert out["messages"] == ["cancelled; 0 of 2 items have a new take"]
        assert reaper.left_behind() == []


def test_the_real_program_is_stopped_without_a_trace(
    reaper: Reaper, real: Path, song: Path, bells: Path
) -> None:
    when_styling = """
world.on_step = function(world, step)
  if (world.drawn[#world.drawn] or ""):find("Escape") and table.concat(world.drawn):find("transfer") then
    world.key = 27
  end
end"""
    answers = inputs(bells, quality="high", more="--set max_iterations=100000")
    out = reaper.run([item(song)], program=real, answers=answers, on_step=when_styling)
    assert out["messages"] == ["cancelled; 0 of 1 items have a new take"]
    assert list(reaper.project.iterdir()) == []
    assert reaper.left_behind() == []


def test_an_item_that_is_deleted_meanwhile(reaper: Reaper, maker: Path, song: Path) -> None:
    gone = "world.on_step = function(world, step) world.live_items[1].is_gone = true end"
    out = reaper.run([item(song)], program=maker, answers=inputs("rain"), on_step=gone)
    made = reaper.project / "song.styled.wav"
    assert out["messages"] == [f"song.wav: the item is gone; the result is {made}"]
    assert made.exists()


FALSE_CMD = """#!/bin/sh
cp "$2" "$(dirname "$0")/batch"
out=$(sed -n 's/.* >"\\([^"]*-out\\)" 2>.*/\\1/p' "$2")
code=$(sed -n 's/^move .* "\\([^"]*-code\\)" >nul.*/\\1/p' "$2")
echo '{"type": "error", "message": "as Windows does"}' > "$out"
echo 2 > "$code"
"""


def test_the_batch_file_that_windows_is_given(reaper: Reaper, maker: Path) -> None:
    """Only its text: words in quotes, per cent signs doubled, and no digit before a redirection."""
    cmd = reaper.program(FALSE_CMD, "cmd.exe")
    folders = f"{cmd.parent}:/usr/bin:/bin"
    out = reaper.run(
        [item("C:/takes/100% & ü.wav")], program=maker, os="Win64", folders=folders, answers=inputs("rain\\")
    )
    assert out["messages"] == ["100% & ü.wav: as Windows does"]
    assert all(milliseconds != -1 for _, milliseconds in out["executed"]), "a console window would flash up"
    rows = (cmd.parent / "batch").read_bytes().decode("utf-8").split("\r\n")
    assert rows[:2] == ["@echo off", "chcp 65001 >nul"]
    assert rows[2].startswith(f'"{maker}" "render" "C:/takes/100%% & ü.wav" "--json" ')
    assert '"--style" "rain\\\\" ' in rows[2], "a backslash would take the quote with it"
    assert rows[3].endswith('.part" echo %ERRORLEVEL%')
    assert rows[3].startswith('>"')


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("reaper.GetNoSuchThing()", "REAPER has no function GetNoSuchThing"),
        ("reaper.GetExtState('a')", "takes 2 to 2 arguments"),
        ("reaper.GetExtState('a', 1)", "argument 2 is integer, not string"),
        ("reaper.GetActiveTake((reaper.EnumProjects(-1)))", "argument 1 is ReaProject, not MediaItem"),
        ("reaper.GetSelectedMediaItem(0, 0.5)", "argument 2 is number, not integer"),
        ("gfx.line(1, 2, 3, 4)", "gfx has no line"),
        ("reaper.AddTakeToMediaItem(reaper.GetSelectedMediaItem(0, 0))", "outside of an undo block"),
        ("reaper.Undo_BeginBlock2(0)", "an undo block was not ended"),
    ],
)
def test_the_stand_in_refuses_what_reaper_would(
    reaper: Reaper, song: Path, line: str, complaint: str
) -> None:
    script = reaper.folder / "wrong.lua"
    script.write_text(line, encoding="utf-8")
    done = reaper.start(script, [item(song)])
    assert done.returncode == 70
    assert complaint in done.stderr
