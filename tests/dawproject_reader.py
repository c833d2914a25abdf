"""A reader of DAWprojects, and the format's rules, from its description alone.

That is README, Reference and the two schemas of github.com/bitwig/dawproject, format 1.0. The reader was
written without sight of the exporter. All times are exact, but where a tempo ramps (there a logarithm is
needed).
"""

from __future__ import annotations

import io
import itertools
import math
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as Xml

import soundfile

__all__ = ["ReadClip", "ReadProject", "ReadTrack", "broken_rules", "read_dawproject"]


@dataclass
class ReadClip:
    """A clip in seconds of the arrangement, with the bytes of its file."""

    start: Fraction
    duration: Fraction
    play_start: Fraction
    file_name: str
    data: bytes
    sample_rate: int
    n_channels: int

    @property
    def start_frames(self) -> Fraction:
        return self.start * self.sample_rate

    @property
    def n_frames(self) -> Fraction:
        return self.duration * self.sample_rate


@dataclass
class ReadTrack:
    """A track of the mixer with its clips."""

    name: str
    gain: float
    is_muted: bool
    role: str
    clips: list[ReadClip] = field(default_factory=list)


@dataclass
class ReadProject:
    """What a DAW would show: tempos by second, meters and the tempo map by beat, markers by second."""

    tracks: list[ReadTrack]
    tempos: list[tuple[float, float]]
    meters: list[tuple[float, int, int]]
    markers: list[tuple[Fraction, str]]
    metadata: dict[str, str]
    tempo_map: list[tuple[Fraction, Fraction]]

    @property
    def audible(self) -> list[ReadTrack]:
        return [track for track in self.tracks if track.clips and not track.is_muted]


# Time


def number(text: str) -> Fraction:
    """Read a decimal number exactly."""
    return Fraction(text.strip())


def _maybe(element: Xml.Element, name: str) -> Fraction | None:
    text = element.get(name)
    return None if text is None else number(text)


@dataclass(frozen=True)
class _Tempo:
    """Tempo from an instant on, until the next one; a ramp has a tempo at its end."""

    beat: Fraction
    second: Fraction
    bpm: Fraction
    n_beats: Fraction | None = None
    end_bpm: Fraction | None = None

    def second_of(self, beat: Fraction) -> Fraction:
        behind = beat - self.beat
        if self.end_bpm is None or self.end_bpm == self.bpm or behind <= 0 or not self.n_beats:
            return self.second + behind * 60 / self.bpm
        slope = (self.end_bpm - self.bpm) / self.n_beats
        return self.second + Fraction(60 / float(slope) * math.log1p(float(slope * behind / self.bpm)))

    def beat_of(self, second: Fraction) -> Fraction:
        behind = second - self.second
        if self.end_bpm is None or self.end_bpm == self.bpm or behind <= 0 or not self.n_beats:
            return self.beat + behind * self.bpm / 60
        slope = (self.end_bpm - self.bpm) / self.n_beats
        return self.beat + Fraction(float(self.bpm / slope) * math.expm1(float(slope * behind) / 60))


def _tempos(points: list[tuple[Fraction, Fraction, bool]], is_in_seconds: bool) -> list[_Tempo]:
    """Give each tempo point its beat and its second; the first tempo holds before its point, too."""
    tempos: list[_Tempo] = []
    beat = second = Fraction(0)
    for index, (time, bpm, is_ramp) in enumerate(points):
        if not tempos:
            beat, second = (time * bpm / 60, time) if is_in_seconds else (time, time * 60 / bpm)
        following = points[index + 1] if index + 1 < len(points) else None
        if following is None:
            tempos.append(_Tempo(beat, second, bpm))
            continue
        span, end_bpm = following[0] - time, following[1] if is_ramp else bpm
        # A ramp over seconds is read as one over as many beats: a mean tempo of half its sum.
        n_beats = span * (bpm + end_bpm) / 120 if is_in_seconds else span
        tempos.append(_Tempo(beat, second, bpm, n_beats, end_bpm if is_ramp else None))
        next_second = following[0] if is_in_seconds else tempos[-1].second_of(beat + n_beats)
        beat, second = beat + n_beats, next_second
    return tempos


class _TempoMap:
    """Beats into seconds of the arrangement and back."""

    def __init__(self, tempos: list[_Tempo]) -> None:
        self.tempos = tempos

    def second_of(self, beat: Fraction) -> Fraction:
        return self._at(lambda tempo: tempo.beat <= beat).second_of(beat)

    def beat_of(self, second: Fraction) -> Fraction:
        return self._at(lambda tempo: tempo.second <= second).beat_of(second)

    def _at(self, has_begun: Callable[[_Tempo], bool]) -> _Tempo:
        if not self.tempos:
            raise ValueError("beats without any tempo")
        return next((tempo for tempo in reversed(self.tempos) if has_begun(tempo)), self.tempos[0])


@dataclass(frozen=True)
class _Scope:
    """What a number means as time in one timeline."""

    tempo: _TempoMap
    unit: str
    second_of: Callable[[Fraction], Fraction]
    time_of: Callable[[Fraction], Fraction]

    @classmethod
    def at(cls, tempo: _TempoMap, unit: str, origin: Fraction) -> _Scope:
        """Time in a unit from an instant of the arrangement on."""
        if unit == "seconds":
            return cls(tempo, unit, lambda time: origin + time, lambda second: second - origin)
        return cls(
            tempo,
            unit,
            lambda time: tempo.second_of((tempo.beat_of(origin) if origin else Fraction(0)) + time),
            lambda second: tempo.beat_of(second) - (tempo.beat_of(origin) if origin else Fraction(0)),
        )

    def within(self, element: Xml.Element) -> _Scope:
        """The scope of a timeline in this one: its own unit, or else this one's."""
        return self.in_unit(element.get("timeUnit", self.unit))

    def in_unit(self, unit: str) -> _Scope:
        return self if unit == self.unit else _Scope.at(self.tempo, unit, self.second_of(Fraction(0)))

    def moved(self, by: Fraction) -> _Scope:
        second_of, time_of = self.second_of, self.time_of
        return _Scope(
            self.tempo, self.unit, lambda time: second_of(time + by), lambda second: time_of(second) - by
        )

    def warped(self, warps: list[tuple[Fraction, Fraction]], unit: str) -> _Scope:
        """Content of Warps: straight between two warps and on beyond the outer ones."""
        outwards = [(inner, outer) for outer, inner in warps]
        second_of, time_of = self.second_of, self.time_of
        return _Scope(
            self.tempo,
            unit,
            lambda time: second_of(_straight(outwards, time)),
            lambda second: _straight(warps, time_of(second)),
        )


def _straight(points: list[tuple[Fraction, Fraction]], at: Fraction) -> Fraction:
    if len(points) == 1:
        return points[0][1] + at - points[0][0]
    left = max((index for index, (x, _) in enumerate(points[:-1]) if x <= at), default=0)
    (x0, y0), (x1, y1) = points[left], points[left + 1]
    return y0 + (at - x0) * (y1 - y0) / (x1 - x0)


# Reading

_MEDIA = {"Audio"}


class _Reader:
    def __init__(self, archive: zipfile.ZipFile, folder: Path) -> None:
        self.archive, self.folder = archive, folder
        self.root = Xml.fromstring(archive.read("project.xml"))
        self.by_id = {element.get("id"): element for element in self.root.iter() if element.get("id")}
        self.points = self._tempo_points()
        self.tempo = _TempoMap(self.points)
        self.clips: dict[str, list[ReadClip]] = {}

    def _tempo_points(self) -> list[_Tempo]:
        automation = self.root.find("Arrangement/TempoAutomation")
        points = [
            (
                number(point.attrib["time"]),
                number(point.attrib["value"]),
                point.get("interpolation") == "linear",
            )
            for point in (automation.iter("RealPoint") if automation is not None else ())
        ]
        value = self.root.find("Transport/Tempo[@value]")
        if not points and value is not None:
            points = [(Fraction(0), number(value.attrib["value"]), False)]
        is_in_seconds = automation is not None and automation.get("timeUnit") == "seconds"
        return _tempos(sorted(points, key=lambda point: point[0]), is_in_seconds)

    @property
    def scope(self) -> _Scope:
        return _Scope.at(self.tempo, "beats", Fraction(0))

    def walk(
        self, element: Xml.Element, scope: _Scope, track: str | None, window: tuple[Fraction, Fraction] | None
    ) -> None:
        """Go through a timeline; the window is that of the innermost clip, in seconds."""
        track, scope = element.get("track", track), scope.within(element)
        if element.tag == "Warps":
            warps = [
                (number(warp.attrib["time"]), number(warp.attrib["contentTime"]))
                for warp in element.iter("Warp")
            ]
            scope = scope.warped(sorted(warps), element.attrib["contentTimeUnit"])
        if element.tag in _MEDIA:
            self._media(element, scope, track, window)
        for child in element:
            if child.tag == "Clip":
                self._clip(child, scope, track, window)
            elif child.tag in {"Lanes", "Clips", "Warps", "Audio"}:
                self.walk(child, scope, track, window)

    def _clip(
        self,
        clip: Xml.Element,
        scope: _Scope,
        track: str | None,
        window: tuple[Fraction, Fraction] | None,
    ) -> None:
        content = next((child for child in clip if child.tag in {"Lanes", "Clips", "Warps", "Audio"}), None)
        if content is None:
            content = self.by_id.get(clip.get("reference", ""))
        if content is None or clip.get("enable") in {"false", "0"}:
            return
        unit = clip.get("contentTimeUnit", content.get("timeUnit", scope.unit))
        time = number(clip.attrib["time"])
        at, play_start = scope.second_of(time), _maybe(clip, "playStart") or Fraction(0)
        duration, play_stop = _maybe(clip, "duration"), _maybe(clip, "playStop")
        loop_start, loop_end = _maybe(clip, "loopStart") or Fraction(0), _maybe(clip, "loopEnd")
        base = scope.moved(time) if unit == scope.unit else _Scope.at(self.tempo, unit, at)
        if duration is not None:
            end = scope.second_of(time + duration)
        elif play_stop is not None:
            end = base.second_of(play_stop - play_start)
        else:
            raise ValueError("a clip without any end")
        if play_stop is not None and loop_end is None:
            end = min(end, base.second_of(play_stop - play_start))
        begin = self._crossfaded(clip, scope, time)
        while begin < end:
            inner = base.moved(-play_start)
            last = inner.second_of(loop_end) if loop_end is not None and loop_end > play_start else end
            piece = (begin, min(last, end))
            if window is not None:
                piece = (max(piece[0], window[0]), min(piece[1], window[1]))
            if piece[0] < piece[1]:
                self.walk(content, inner, track, piece)
            if last >= end or loop_end is None or loop_end <= loop_start:
                return
            base, begin, play_start = base.moved(loop_end - play_start), last, loop_start

    def _crossfaded(self, clip: Xml.Element, scope: _Scope, time: Fraction) -> Fraction:
        """The second a clip starts at: a negative fade-in has it start before its time."""
        fade = _maybe(clip, "fadeInTime") or Fraction(0)
        at = scope.second_of(time)
        if fade >= 0:
            return at
        return _Scope.at(self.tempo, clip.get("fadeTimeUnit", scope.unit), at).second_of(fade)

    def _media(
        self, audio: Xml.Element, scope: _Scope, track: str | None, window: tuple[Fraction, Fraction] | None
    ) -> None:
        reference = audio.find("File")
        assert reference is not None
        path = reference.attrib["path"]
        is_external = reference.get("external") in {"true", "1"}
        data = (self.folder / path).read_bytes() if is_external else self.archive.read(path)
        info = soundfile.info(io.BytesIO(data))
        if window is None:
            zero = scope.second_of(Fraction(0))
            window = (zero, zero + Fraction(info.frames, info.samplerate))
        play_start = scope.time_of(window[0])
        if scope.unit == "beats":  # times of a file are seconds: those since its first instant
            play_start = window[0] - scope.second_of(Fraction(0))
        clip = ReadClip(
            start=window[0],
            duration=window[1] - window[0],
            play_start=play_start,
            file_name=PurePosixPath(path).name,
            data=data,
            sample_rate=info.samplerate,
            n_channels=info.channels,
        )
        self.clips.setdefault(track or "", []).append(clip)

    def track(self, element: Xml.Element) -> ReadTrack:
        channel = element if element.tag == "Channel" else element.find("Channel")
        gain, is_muted, role = 1.0, False, "regular"
        if channel is not None:
            volume, mute = channel.find("Volume"), channel.find("Mute")
            gain = _gain(volume) if volume is not None else 1.0
            is_muted = mute is not None and mute.get("value") in {"true", "1"}
            role = channel.get("role", "regular")
        clips = self.clips.get(element.get("id") or "?", [])
        return ReadTrack(element.get("name", ""), gain, is_muted, role, clips)

    def meters(self) -> list[tuple[float, int, int]]:
        points = list(self.root.iterfind("Arrangement/TimeSignatureAutomation/TimeSignaturePoint"))
        automation = self.root.find("Arrangement/TimeSignatureAutomation")
        unit = automation.get("timeUnit", "beats") if automation is not None else "beats"
        if not points:
            points = list(self.root.iterfind("Transport/TimeSignature"))
        meters = []
        for point in points:
            time = number(point.get("time", "0"))
            beat = self.tempo.beat_of(time) if unit == "seconds" else time
            meters.append((float(beat), int(point.attrib["numerator"]), int(point.attrib["denominator"])))
        return meters

    def markers(self) -> list[tuple[Fraction, str]]:
        found = []
        for timeline in self.root.iterfind("Arrangement/Markers"):
            scope = self.scope.within(timeline)
            for marker in timeline.iterfind("Marker"):
                found.append((scope.second_of(number(marker.attrib["time"])), marker.get("name", "")))
        return found


def _gain(volume: Xml.Element) -> float:
    unit = volume.get("unit", "linear")
    value = float(volume.get("value", "0" if unit == "decibel" else "1"))
    if unit == "decibel":
        return float(10 ** (value / 20))
    return value / 100 if unit == "percent" else value


def read_dawproject(path: Path) -> ReadProject:
    """Read a project as a DAW would."""
    with zipfile.ZipFile(path) as archive:
        reader = _Reader(archive, path.parent)
        for lanes in reader.root.iterfind("Arrangement/Lanes"):
            reader.walk(lanes, reader.scope, None, None)
        structure = reader.root.find("Structure")
        elements = [] if structure is None else [*structure.iter("Track"), *structure.findall("Channel")]
        metadata = Xml.fromstring(archive.read("metadata.xml"))
    return ReadProject(
        tracks=[reader.track(element) for element in elements],
        tempos=[(float(tempo.second), float(tempo.bpm)) for tempo in reader.points],
        meters=reader.meters(),
        markers=reader.markers(),
        metadata={entry.tag: entry.text or "" for entry in metadata},
        tempo_map=[(tempo.beat, tempo.bpm) for tempo in reader.points],
    )


# The rules

_TIMELINE = "(Timeline|Lanes|Notes|Clips|ClipSlot|markers|Markers|Warps|Audio|Video|Points)"
_POINTS = "Target (Point|RealPoint|EnumPoint|BoolPoint|IntegerPoint|TimeSignaturePoint)*"
_CHILDREN = {
    "Project": "Application Transport? Structure? Arrangement? Scenes?",
    "Application": "",
    "Transport": "Tempo? TimeSignature?",
    "Structure": "(Track|Channel)*",
    "Track": "Channel? Track*",
    "Channel": "Devices? Mute? Pan? Sends? Volume?",
    "Sends": "Send*",
    "Send": "Enable? Pan? Volume",
    "Arrangement": "Lanes? Markers? TempoAutomation? TimeSignatureAutomation?",
    "Scenes": "Scene*",
    "Scene": _TIMELINE,
    "Lanes": _TIMELINE + "*",
    "Clips": "Clip*",
    "Clip": _TIMELINE + "?",
    "ClipSlot": "Clip?",
    "Warps": _TIMELINE + " Warp+",
    "Audio": "File",
    "Video": "File",
    "Notes": "Note*",
    "Note": _TIMELINE + "?",
    "Markers": "Marker+",
    "markers": "Marker+",
    "Points": _POINTS,
    "TempoAutomation": _POINTS,
    "TimeSignatureAutomation": _POINTS,
    **dict.fromkeys(
        [
            "Tempo",
            "TimeSignature",
            "Mute",
            "Pan",
            "Volume",
            "Enable",
            "File",
            "Marker",
            "Warp",
            "Target",
            "RealPoint",
            "EnumPoint",
            "BoolPoint",
            "IntegerPoint",
            "TimeSignaturePoint",
            "RealParameter",
            "BoolParameter",
        ],
        "",
    ),
}
_NAMED = "name color:color comment"
_ID = f"{_NAMED} id:id"
_TIMED = f"{_ID} timeUnit:timeUnit track:Track"
_REAL = f"{_ID} parameterID:int max:real min:real unit!:unit value:real"
_BOOL = f"{_ID} parameterID:int value:bool"
_MEDIA_FILE = f"{_TIMED} duration!:time algorithm channels!:int sampleRate!:int"
_AUTOMATION = f"{_TIMED} unit:unit"
_ATTRIBUTES = {
    "Project": "version!",
    "Application": "name! version!",
    "Transport": "",
    "Structure": "",
    "Scenes": "",
    "Sends": "",
    "Tempo": _REAL,
    "Pan": _REAL,
    "Volume": _REAL,
    "RealParameter": _REAL,
    "Mute": _BOOL,
    "Enable": _BOOL,
    "BoolParameter": _BOOL,
    "TimeSignature": f"{_ID} parameterID:int numerator!:int denominator!:int",
    "Track": f"{_ID} contentType:contentType loaded:bool",
    "Channel": f"{_ID} audioChannels:int destination:Channel role:role solo:bool",
    "Send": f"{_ID} destination:Channel type:send",
    "Arrangement": _ID,
    "Scene": _ID,
    "Lanes": _TIMED,
    "Clips": _TIMED,
    "Markers": _TIMED,
    "markers": _TIMED,
    "Notes": _TIMED,
    "ClipSlot": f"{_TIMED} hasStop:bool",
    "Warps": f"{_TIMED} contentTimeUnit!:timeUnit",
    "Audio": _MEDIA_FILE,
    "Video": _MEDIA_FILE,
    "Points": _AUTOMATION,
    "TempoAutomation": _AUTOMATION,
    "TimeSignatureAutomation": _AUTOMATION,
    "Clip": f"{_NAMED} time!:time duration:time contentTimeUnit:timeUnit playStart:double playStop:double "
    "loopStart:double loopEnd:double fadeTimeUnit:timeUnit fadeInTime:double fadeOutTime:double "
    "enable:bool reference:timeline",
    "Note": "time!:double duration!:time channel!:int key!:int vel:real rel:real",
    "Marker": f"{_NAMED} time!:time",
    "Warp": "time!:double contentTime!:double",
    "File": "path! external:bool",
    "Target": "parameter:parameter expression channel:int key:int controller:int",
    "RealPoint": "time!:time value!:real interpolation:interpolation",
    "EnumPoint": "time!:time value!:int",
    "BoolPoint": "time!:time value!:bool",
    "IntegerPoint": "time!:time value!:int",
    "TimeSignaturePoint": "time!:time numerator!:int denominator!:int",
}
_DOUBLE = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_TYPES = {
    "text": r"(?s).*",
    "id": r"[A-Za-z_][\w.\-]*",
    "color": r"#[0-9a-fA-F]{6}",
    "int": r"[+-]?\d+",
    "bool": r"true|false|0|1",
    "double": _DOUBLE,
    "real": _DOUBLE + r"|-?inf",
    "time": _DOUBLE.replace("[+-]?", r"\+?", 1),
    "timeUnit": "beats|seconds",
    "unit": "linear|normalized|percent|decibel|hertz|semitones|seconds|beats|bpm",
    "role": "regular|master|effect|submix|vca",
    "send": "pre|post",
    "interpolation": "hold|linear",
    "contentType": r"((audio|automation|notes|video|markers|tracks)(\s+|$))*",
}
_REFERRED = {
    "Track": {"Track"},
    "Channel": {"Channel"},
    "timeline": {
        "Lanes",
        "Notes",
        "Clips",
        "ClipSlot",
        "markers",
        "Markers",
        "Warps",
        "Audio",
        "Video",
        "Points",
    },
    "parameter": {
        "Tempo",
        "TimeSignature",
        "Mute",
        "Pan",
        "Volume",
        "Enable",
        "Enabled",
        "RealParameter",
        "BoolParameter",
        "IntegerParameter",
        "EnumParameter",
        "TimeSignatureParameter",
    },
}
_METADATA = (
    "Title? Artist? Album? OriginalArtist? Composer? Songwriter? Producer? Arranger? Year? Genre? Copyright? "
    "Website? Comment?"
)


def broken_rules(path: Path) -> list[str]:
    """Say what of the format a project breaks; empty if it keeps all its rules."""
    broken = [] if path.suffix == ".dawproject" else [f"{path.name} has another ending than .dawproject"]
    if not zipfile.is_zipfile(path):
        return [*broken, f"{path.name} is no ZIP"]
    with zipfile.ZipFile(path) as archive:
        if (damaged := archive.testzip()) is not None:
            return [*broken, f"{damaged} is damaged in the ZIP"]
        names = archive.namelist()
        files = {name: archive.read(name) for name in names}
    broken += [f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    for name, tag in (("metadata.xml", "MetaData"), ("project.xml", "Project")):
        if name not in files:
            broken.append(f"no {name}")
            continue
        try:
            files[name].decode("utf-8")
            root = Xml.fromstring(files[name])
        except (UnicodeDecodeError, Xml.ParseError) as error:
            broken.append(f"{name} is no XML in UTF-8: {error}")
            continue
        if root.tag != tag:
            broken.append(f"{name} is a {root.tag}, no {tag}")
        elif tag == "MetaData":
            broken += _children_rules(root, _METADATA)
        else:
            broken += _project_rules(root, files, path.parent)
    return broken


def _project_rules(root: Xml.Element, files: dict[str, bytes], folder: Path) -> list[str]:
    ids = [element.get("id") for element in root.iter() if element.get("id") is not None]
    broken = [f"the id {name} is there twice" for name in {name for name in ids if ids.count(name) > 1}]
    if root.get("version") != "1.0":
        broken.append(f"version is {root.get('version')}, not 1.0")
    by_id = {str(element.get("id")): element for element in root.iter() if element.get("id") is not None}
    for element in _known(root):
        if element.tag not in _CHILDREN:
            broken.append(f"{element.tag} is unknown")
            continue
        broken += _children_rules(element, _CHILDREN[element.tag])
        broken += _attribute_rules(element, by_id)
    if broken:  # what follows trusts the numbers
        return broken
    for element in _known(root):
        broken += _ELEMENT_RULES[element.tag](element) if element.tag in _ELEMENT_RULES else []
        if element.tag in {"Audio", "Video"}:
            broken += _file_rules(element, files, folder)
    for tag, parameter in (("TempoAutomation", "Tempo"), ("TimeSignatureAutomation", "TimeSignature")):
        for target in root.iterfind(f"Arrangement/{tag}/Target"):
            aim = by_id.get(target.get("parameter", ""))
            if aim is None or aim.tag != parameter:
                broken.append(f"{tag} does not target the {parameter}")
    return broken


def _known(element: Xml.Element) -> Iterator[Xml.Element]:
    """All elements but those of devices."""
    yield element
    for child in element:
        if child.tag != "Devices":
            yield from _known(child)


def _children_rules(element: Xml.Element, model: str) -> list[str]:
    pattern = "".join(
        f"(?:(?:{word.rstrip('?*+').strip('()')}) ){word[len(word.rstrip('?*+')) :]}"
        for word in model.split()
    )
    tags = "".join(f"{child.tag} " for child in element)
    return [] if re.fullmatch(pattern, tags) else [f"{element.tag} has {tags or 'nothing'}, not {model}"]


def _attribute_rules(element: Xml.Element, by_id: dict[str, Xml.Element]) -> list[str]:
    broken, known = [], set()
    for word in _ATTRIBUTES[element.tag].split():
        name, _, kind = word.partition(":")
        is_required, name = name.endswith("!"), name.rstrip("!")
        known.add(name)
        value = element.get(name)
        if value is None:
            broken += [f"{element.tag} has no {name}"] if is_required else []
        elif kind in _REFERRED:
            if value not in by_id or by_id[value].tag not in _REFERRED[kind]:
                broken.append(f"{name} {value} of {element.tag} is no {kind} of this file")
        elif not re.fullmatch(_TYPES[kind or "text"], value):
            broken.append(f"{name} {value!r} of {element.tag} is no {kind}")
    return broken + [f"{element.tag} has the unknown {name}" for name in set(element.attrib) - known]


def _clip_rules(clip: Xml.Element) -> list[str]:
    broken = []
    if len(clip) + (clip.get("reference") is not None) != 1:
        broken.append("a clip needs either content or a reference")
    play = (_maybe(clip, "playStart") or Fraction(0), _maybe(clip, "playStop"))
    loop = (_maybe(clip, "loopStart") or Fraction(0), _maybe(clip, "loopEnd"))
    if play[1] is not None and play[1] < play[0]:
        broken.append("a clip stops in its content before it starts")
    if loop[1] is not None and loop[1] <= loop[0]:
        broken.append("a loop ends before it starts")
    if play[0] < 0 or loop[0] < 0:
        broken.append("a clip plays from before its content")
    if (_maybe(clip, "fadeOutTime") or 0) < 0:
        broken.append("a fade-out is negative")
    return broken


def _warps_rules(warps: Xml.Element) -> list[str]:
    times = [(number(warp.attrib["time"]), number(warp.attrib["contentTime"])) for warp in warps.iter("Warp")]
    pairs = itertools.pairwise(times)
    is_rising = all(before[0] < after[0] and before[1] < after[1] for before, after in pairs)
    return [] if is_rising else ["warps do not rise in time and content"]


def _points_rules(points: Xml.Element) -> list[str]:
    broken = []
    found = [child for child in points if child.tag != "Target"]
    if len({child.tag for child in found}) > 1:
        broken.append(f"points of {points.tag} are of more than one kind")
    times = [number(child.attrib["time"]) for child in found]
    if times != sorted(times):
        broken.append(f"points of {points.tag} are not in order")
    if any(child.tag == "RealPoint" for child in found) and points.get("unit") is None:
        broken.append(f"real points of {points.tag} without a unit")
    wanted = {"TempoAutomation": "RealPoint", "TimeSignatureAutomation": "TimeSignaturePoint"}.get(points.tag)
    if wanted and any(child.tag != wanted for child in found):
        broken.append(f"points of {points.tag} do not match their target")
    if points.tag == "TempoAutomation" and (
        points.get("unit") != "bpm" or any(number(child.attrib["value"]) <= 0 for child in found)
    ):
        broken.append("tempos are no positive bpm")
    return broken


def _real_rules(parameter: Xml.Element) -> list[str]:
    value, low, high = (float(parameter.get(name, "nan")) for name in ("value", "min", "max"))
    if value < low or value > high:
        return [f"the value of {parameter.tag} is not from its min to its max"]
    if parameter.tag == "Tempo" and (parameter.get("unit") != "bpm" or value <= 0):
        return ["the tempo is no positive bpm"]
    return []


def _meter_rules(meter: Xml.Element) -> list[str]:
    is_meter = int(meter.attrib["numerator"]) > 0 and int(meter.attrib["denominator"]) > 0
    return [] if is_meter else ["a time signature is not positive"]


def _channel_rules(channel: Xml.Element) -> list[str]:
    return ["a channel goes to itself"] if channel.get("destination", "") == channel.get("id") else []


def _file_rules(media: Xml.Element, files: dict[str, bytes], folder: Path) -> list[str]:
    reference = media.find("File")
    assert reference is not None
    path = reference.attrib["path"]
    if reference.get("external") in {"true", "1"}:
        return [] if (folder / path).is_file() else [f"{path} is not beside the project"]
    if path not in files:
        return [f"{path} is not in the ZIP"]
    if media.tag == "Video":
        return []
    broken = (
        [] if media.get("timeUnit") == "seconds" else [f"the time unit of the audio {path} is not seconds"]
    )
    info = soundfile.info(io.BytesIO(files[path]))
    if int(media.attrib["sampleRate"]) != info.samplerate:
        broken.append(f"{path} has another sample rate than said")
    if int(media.attrib["channels"]) != info.channels:
        broken.append(f"{path} has other channels than said")
    if abs(number(media.attrib["duration"]) * info.samplerate - info.frames) > Fraction(1, 2):
        broken.append(f"{path} has another length than said")
    return broken


_ELEMENT_RULES: dict[str, Callable[[Xml.Element], list[str]]] = {
    "Clip": _clip_rules,
    "Warps": _warps_rules,
    "Channel": _channel_rules,
    **dict.fromkeys(("Points", "TempoAutomation", "TimeSignatureAutomation"), _points_rules),
    **dict.fromkeys(("Tempo", "Pan", "Volume", "RealParameter"), _real_rules),
    **dict.fromkeys(("TimeSignature", "TimeSignaturePoint"), _meter_rules),
}
