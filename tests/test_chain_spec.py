"""Chains as data: what a person writes is what is read, and a mistake is named with its slot."""

from __future__ import annotations

import json
import math
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nast_fx.chain.spec_file import chain_text, read_chain, write_chain
from nast_fx.errors import AudioFileError, UsageError
from nast_fx.models.base import validated
from nast_fx.models.chain import AutomationSpec, BranchSpec, ChainSpec, SlotSpec, StateSpec, check_at_rate
from nast_fx.models.plugin_table import BUILTINS, ParameterInfo

TEN_LINES = """\
schema = 1
[[slots]]
plugin = "HighpassFilter"
parameters = { cutoff_frequency_hz = 80 }
[[slots]]
plugin = "style"
[[slots]]
plugin = "Reverb"
mix = 0.5
parameters = { room_size = 0.8, wet_level = 0.2 }
"""


def test_a_chain_in_ten_lines_by_hand(tmp_path):
    path = tmp_path / "hall.toml"
    path.write_text(TEN_LINES)
    chain = read_chain(path)
    assert [slot.kind for slot in chain.slots] == ["builtin", "style", "builtin"]
    assert chain.slots[0].parameters == {"cutoff_frequency_hz": 80.0}
    assert isinstance(chain.slots[0].parameters["cutoff_frequency_hz"], float)
    assert chain.slots[2].mix == 0.5


def test_everything_that_a_file_may_hold(tmp_path):
    path = tmp_path / "all.toml"
    path.write_text(
        """
schema = 1

[[slots]]
plugin = "parallel"
[[slots.branches]]
[[slots.branches]]
gain_db = -6
[[slots.branches.slots]]
plugin = "Delay"
[slots.branches.slots.automation.mix]
controller = 1
low = 1
high = 0

[[slots]]
plugin = "Zam.vst3"
plugin_name = "ZamComp"
if_missing = "skip"
bypass = true
[slots.parameters]
"Threshold (dB)" = -20
[slots.automation."Threshold (dB)"]
points = [[0, -30], [4.5, 0]]
[slots.state]
raw = "QUJD"
identifier = "zam"
"""
    )
    parallel, hosted = read_chain(path).slots
    assert parallel.branches[0] == BranchSpec()
    assert parallel.branches[1].gain_db == -6
    assert parallel.branches[1].slots[0].automation["mix"].values == (1.0, 0.0)
    assert (hosted.kind, hosted.plugin_name, hosted.if_missing) == ("vst3", "ZamComp", "skip")
    assert hosted.automation["Threshold (dB)"].points == ((0.0, -30.0), (4.5, 0.0))
    assert hosted.state == StateSpec(raw="QUJD", identifier="zam")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"plugin": "Reverb"}, "builtin"),
        ({"plugin": "style"}, "style"),
        ({"plugin": "parallel", "branches": [{}]}, "parallel"),
        ({"plugin": "C:\\VST\\Zam.VST3"}, "vst3"),
        ({"plugin": "AUReverb.component"}, "au"),
        ({"plugin": "Reverb", "path": "/usr/lib/vst3/Reverb.vst3"}, "vst3"),
    ],
)
def test_what_stands_in_a_slot(values, kind):
    assert validated(SlotSpec, values).kind == kind


def _one(**slot):
    return {"slots": [{"plugin": "Gain"}, slot]}


def _curve(**curve):
    return _one(plugin="Reverb", automation={"room_size": curve})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"slot": []}, "there is no setting 'slot'; did you mean 'slots'?"),
        ({"schema": 2}, "schema=2 is unknown here; this version reads schema=1"),
        ({"slots": {}}, "slots must be a list of tables: each begins with [[slots]]"),
        ({"slots": [3]}, "slot 1 must be a table of names and values"),
        ({"slots": [{}]}, 'slot 1: it names no plugin: write plugin = "Reverb", for example'),
        (_one(plugin="Revreb"), "slot 2 (Revreb): there is no plugin 'Revreb'; did you mean 'Reverb'?"),
        (_one(plugin="xyz"), "there is no plugin 'xyz'; a hosted one ends in .vst3 or .component"),
        (_one(plugin="Reverb", path="a.dll"), "there is no plugin 'a.dll'"),
        (
            _one(plugin="Reverb", bypas=True),
            "slot 2 (Reverb): there is no setting 'bypas'; did you mean 'bypass'?",
        ),
        (_one(plugin="Reverb", bypass="yes"), "slot 2 (Reverb): bypass=yes must be a valid boolean"),
        (_one(plugin="Reverb", mix=1.5), "slot 2 (Reverb): mix=1.5 must be at least 0 and at most 1"),
        (_one(plugin="Reverb", mix="0.5"), "slot 2 (Reverb): mix must be a number, without quotes"),
        (_one(plugin="Reverb", gain_db=True), "gain_db must be a number, without quotes"),
        (_one(plugin="Reverb", gain_db=25), "gain_db=25 must be at least -60 and at most 24"),
        (
            _one(plugin="Reverb", name="Hall", parameters={"rom_size": 1}),
            "slot 2 (Hall): Reverb has no parameter 'rom_size'; did you mean 'room_size'?",
        ),
        (
            _one(plugin="Reverb", parameters={"room_size": 2}),
            "slot 2 (Reverb): room_size=2.0 must be a number of at least 0 and at most 1",
        ),
        (_one(plugin="Reverb", parameters={"room_size": [1]}), "slot 2 (Reverb): room_size must be a number"),
        (_one(plugin="Reverb", parameters={"room_size": math.nan}), "room_size=nan must be a finite number"),
        (_one(plugin="A.vst3", parameters={"x": math.inf}), "slot 2 (A.vst3): x=inf must be a finite number"),
        (_one(plugin="Convolution"), "Convolution needs a value for impulse_response_filename"),
        (_one(plugin="LadderFilter", parameters={"mode": "LPF6"}), "did you mean 'LPF"),
        (_one(plugin="Reverb", plugin_name="x"), "plugin_name is for hosted plugins"),
        (_one(plugin="style", state={}), "state is for hosted plugins"),
        (_one(plugin="style", parameters={"n_filters": 9}), "the style slot is only a place"),
        (_one(plugin="Reverb", branches=[{}]), "a parallel slot needs branches, and only it has them"),
        (_one(plugin="parallel"), "a parallel slot needs branches, and only it has them"),
        (_one(plugin="parallel", branches=[{}], parameters={"a": 1}), "a parallel slot has no parameters"),
        (_one(plugin="parallel", branches=3), "branches must be a list of tables"),
        (
            _one(plugin="parallel", branches=[{}, {"slots": [{"plugin": "Gain"}, {"plugin": "Gian"}]}]),
            "slot 2 (parallel): branch 2: slot 2 (Gian): there is no plugin 'Gian'; did you mean 'Gain'?",
        ),
        (
            _one(plugin="parallel", branches=[{"slots": [{"plugin": "style"}]}]),
            "branch 1: the style slot cannot stand in a branch",
        ),
        ({"slots": [{"plugin": "style"}] * 2}, "slots 1 and 2 are style slots; a chain has at most one"),
        (_curve(), "automation of room_size: it takes either points or a controller"),
        (_curve(points=[[0, 1]], controller=1, low=0, high=1), "it takes either points or a controller"),
        (_curve(controller=1, low=0), "a controller, its low and its high belong together"),
        (_curve(controller=128, low=0, high=1), "controller=128 must be at least 0 and at most 127"),
        (_curve(points=[[0, 1], [0, 0]]), "the time 0 s must be later than 0 s, the one before"),
        (_curve(points=[[-1, 1]]), "the time -1 s must be at least 0"),
        (_curve(points=[[0]]), "must be pairs of seconds and value, as in [[0, 0.2], [4, 0.8]]"),
        (_curve(points=[[0, "1"]]), "must be pairs of seconds and value"),
        (_curve(points=[[0, 0], [1, 1.2]]), "room_size=1.2 must be a number of at least 0 and at most 1"),
        (_curve(controller=1, low=-1, high=1), "room_size=-1.0 must be a number of at least 0"),
        (
            _one(plugin="Reverb", automation={"room": {"points": [[0, 1]]}}),
            "slot 2 (Reverb): Reverb has no parameter 'room'",
        ),
        (
            _one(plugin="LadderFilter", automation={"mode": {"points": [[0, 1]]}}),
            "mode of LadderFilter cannot change over time",
        ),
        (
            _one(plugin="style", automation={"amout": {"points": [[0, 1]]}}),
            "the style slot has no 'amout' that changes over time; did you mean 'amount'?",
        ),
        (
            _one(plugin="style", automation={"amount": {"points": [[0, 2]]}}),
            "amount=2 must be at least 0 and at most 1",
        ),
        (_one(plugin="A.vst3", state={"raw": "%%%"}), "slot 2 (A.vst3): state: raw is damaged"),
        (_one(plugin="A.vst3", state={"values": {"a": 2}}), "state: a=2 must be at least 0 and at most 1"),
    ],
)
def test_mistakes_are_named_with_their_slot(values, message):
    with pytest.raises(UsageError) as caught:
        validated(ChainSpec, values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "schema = 1\n[[slots]\n", "a.toml: this is no TOML: .*line 2"),
        ("a.json", '{"schema": 1,\n"slots": [}', "a.json: this is no JSON: .*line 2, column 11"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.toml", "", "must begin with schema = 1"),
        ("a.json", "[1]", "must begin with schema = 1"),
        ("a.toml", "schema = 7", "schema=7 is unknown here"),
        ("a.toml", 'schema = 1\n[[slots]]\nplugin = "Reverbb"', r"a.toml: slot 1 \(Reverbb\): .*'Reverb'"),
        ("a.yaml", "schema: 1", "ends in .toml or .json"),
    ],
)
def test_files_that_are_no_chain(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_chain(path)


def test_a_file_of_another_encoding_names_the_line(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b'schema = 1\n[[slots]]\nname = "H\xe4lle"\n')
    with pytest.raises(UsageError, match="line 3 is not text in UTF-8"):
        read_chain(path)
    path.write_bytes(b"\xef\xbb\xbfschema = 1\r\n")  # as an editor of Windows writes it
    assert read_chain(path) == ChainSpec()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AudioFileError, match="there is no such file"):
        read_chain(tmp_path / "none.toml")
    with pytest.raises(AudioFileError, match="folder"):
        read_chain(_folder(tmp_path / "a.toml"))


def _folder(path):
    path.mkdir()
    return path


def test_a_file_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "a.toml"
    write_chain(path, ChainSpec())
    with pytest.raises(AudioFileError, match="exists already"):
        write_chain(path, ChainSpec(slots=(SlotSpec(plugin="Invert"),)))
    assert read_chain(path) == ChainSpec()
    write_chain(path, ChainSpec(slots=(SlotSpec(plugin="Invert"),)), overwrite=True)
    assert len(read_chain(path).slots) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_leaves_defaults_out_and_reads_well():
    curve = AutomationSpec(points=((0.0, 0.1), (4.0, 0.9)))
    chain = ChainSpec(
        slots=(
            SlotSpec(plugin="style"),
            SlotSpec(
                plugin="Reverb", mix=0.5, parameters={"room_size": 0.8}, automation={"wet_level": curve}
            ),
            SlotSpec(
                plugin="parallel", branches=(BranchSpec(), BranchSpec(slots=(SlotSpec(plugin="Invert"),)))
            ),
        )
    )
    assert (
        chain_text(chain)
        == """\
schema = 1

[[slots]]
plugin = "style"

[[slots]]
plugin = "Reverb"
mix = 0.5

[slots.parameters]
room_size = 0.8

[slots.automation.wet_level]
points = [[0.0, 0.1], [4.0, 0.9]]

[[slots]]
plugin = "parallel"

[[slots.branches]]

[[slots.branches]]

[[slots.branches.slots]]
plugin = "Invert"
"""
    )


words = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
finite = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
gains = st.floats(-60, 24)


def values_of(info: ParameterInfo):
    kinds = {"choice": st.sampled_from(info.choices or ("",)), "switch": st.booleans(), "file": names}
    return kinds[info.kind] if info.kind != "number" else st.floats(info.low, info.high)


@st.composite
def curves(draw, values=finite):
    if draw(st.booleans()):
        return AutomationSpec(controller=draw(st.integers(0, 127)), low=draw(values), high=draw(values))
    times = sorted(draw(st.sets(st.floats(0, 1e6), min_size=1, max_size=4)))
    return AutomationSpec(points=tuple((seconds, draw(values)) for seconds in times))


@st.composite
def builtin_slots(draw):
    info = draw(st.sampled_from(list(BUILTINS.values())))
    needed = [name for name, parameter in info.parameters.items() if parameter.default is None]
    chosen = [*needed, *(name for name in info.parameters if name not in needed and draw(st.booleans()))]
    moving = [
        name for name in info.parameters if info.parameters[name].is_automatable and draw(st.booleans())
    ]
    return SlotSpec(
        plugin=info.name,
        name=draw(words),
        bypass=draw(st.booleans()),
        mix=draw(shares),
        gain_db=draw(gains),
        parameters={name: draw(values_of(info.parameters[name])) for name in chosen},
        automation={name: draw(curves(values_of(info.parameters[name]))) for name in moving},
    )


@st.composite
def hosted_slots(draw):
    state = st.builds(
        StateSpec,
        raw=st.sampled_from(["", "QUJD", "AAECAw=="]),
        identifier=words,
        version=words,
        values=st.dictionaries(words, shares, max_size=3),
    )
    return SlotSpec(
        plugin=draw(words) + draw(st.sampled_from([".vst3", ".component"])),
        path=draw(st.none() | words.map(lambda word: word + ".vst3")),
        plugin_name=draw(st.none() | words),
        if_missing=draw(st.sampled_from(["fail", "skip"])),
        parameters=draw(st.dictionaries(words, finite | st.booleans() | words, max_size=3)),
        automation=draw(st.dictionaries(words, curves(), max_size=2)),
        state=draw(st.none() | state),
    )


plain_slots = builtin_slots() | hosted_slots()


def parallels(slots):
    branches = st.builds(BranchSpec, slots=st.lists(slots, max_size=2).map(tuple), gain_db=gains)
    return st.lists(branches, min_size=1, max_size=2).map(
        lambda branches: SlotSpec(plugin="parallel", branches=tuple(branches))
    )


chains = st.lists(st.recursive(plain_slots, parallels, max_leaves=3), max_size=3).map(
    lambda slots: ChainSpec(slots=tuple(slots))
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chain=chains)
def test_what_is_written_is_what_is_read(chain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    for name in ("a.toml", "a.json"):
        write_chain(folder / name, chain)
        assert read_chain(folder / name) == chain
        # Equality alone would take 1.0 for True.
        assert repr(read_chain(folder / name)).replace("-0.0", "0.0") == repr(chain).replace("-0.0", "0.0")
    text = (folder / "a.toml").read_bytes()
    assert tomllib.loads(text.decode())["schema"] == 1
    assert text.decode() == chain_text(chain)
    assert json.loads((folder / "a.json").read_bytes()) == tomllib.loads(text.decode())


def test_a_filter_stays_below_half_the_rate():
    deep = SlotSpec(plugin="LowpassFilter", name="Dull", parameters={"cutoff_frequency_hz": 8_000.0})
    chain = ChainSpec(
        slots=(SlotSpec(plugin="parallel", branches=(BranchSpec(), BranchSpec(slots=(deep,)))),)
    )
    check_at_rate(chain, 16_001)
    with pytest.raises(UsageError) as caught:
        check_at_rate(chain, 16_000)
    assert str(caught.value) == (
        "slot 1 (parallel): branch 2: slot 1 (Dull): cutoff_frequency_hz=8000 must be below half the sample "
        "rate, 8,000 Hz"
    )
    bypassed = SlotSpec(plugin="LowpassFilter", bypass=True, parameters={"cutoff_frequency_hz": 8_000.0})
    check_at_rate(ChainSpec(slots=(bypassed,)), 16_000)


def test_a_moving_filter_stays_below_half_the_rate():
    sweep = AutomationSpec(points=((0.0, 100.0), (1.0, 9_000.0)))
    chain = ChainSpec(slots=(SlotSpec(plugin="LadderFilter", automation={"cutoff_hz": sweep}),))
    check_at_rate(chain, 44_100)
    with pytest.raises(UsageError, match=r"slot 1 \(LadderFilter\): cutoff_hz=9000 must be below half"):
        check_at_rate(chain, 16_000)


def test_mp3_knows_few_rates_and_two_channels():
    chain = ChainSpec(slots=(SlotSpec(plugin="MP3Compressor"),))
    check_at_rate(chain, 44_100, 2)
    with pytest.raises(UsageError, match=r"works at 8,000, .* Hz only, not at 96,000 Hz"):
        check_at_rate(chain, 96_000)
    with pytest.raises(UsageError, match="takes at most 2 channels, not 6"):
        check_at_rate(chain, 44_100, 6)
