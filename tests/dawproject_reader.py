"""A reader of DAWprojects, and the format's rules, from its description alone.

That is README and Reference of github.com/bitwig/dawproject, format 1.0. The reader imports nothing of the
exporter: what is not said there is not known here. A timeline whose unit is not given has that of what it is
in, and beats where nothing says one. Beats become seconds by the tempo automation, or else by the transport's
tempo.
"""

from __future__ import annotations

import io
import zipfile
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
    """What a DAW would show."""

    tracks: list[ReadTrack]
    tempos: list[tuple[float, float]]
    meters: list[tuple[float, int, int]]
    markers: list[tuple[Fraction, str]]
    metadata: dict[str, str]
    tempo_map: list[tuple[Fraction, Fraction]]

    @property
    def audible(self) -> list[ReadTrack]:
        return [track for track in self.tracks if track.clips and not track.is_muted]


def number(text: str) -> Fraction:
    """What a program reads: a double."""
    return Fraction(float(text))


class _Reader:
    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.project = Xml.fromstring(self.files["project.xml"])
        self.arrangement = self.project.find("Arrangement")
        self.tempo_map = self._tempo_map()

    def read(self) -> ReadProject:
        tracks, by_id = [], {}
        for element in self.project.iterfind("Structure//Track"):
            channel = element.find("Channel")
            assert channel is not None
            volume, mute = channel.find("Volume"), channel.find("Mute")
            assert volume is not None
            assert volume.get("unit") in ("linear", "decibel")
            gain = float(volume.get("value", "1"))
            if volume.get("unit") == "decibel":
                gain = 10 ** (gain / 20)
            is_muted = mute is not None and mute.get("value") == "true"
            track = ReadTrack(element.get("name", ""), gain, is_muted, channel.get("role", "regular"))
            tracks.append(track)
            by_id[element.get("id")] = track
        assert self.arrangement is not None
        if (lanes := self.arrangement.find("Lanes")) is not None:
            self._walk(lanes, "beats", None, by_id)
        metadata = Xml.fromstring(self.files["metadata.xml"])
        return ReadProject(
            tracks,
            [(float(self.seconds(beat, "beats")), float(bpm)) for beat, bpm in self.tempo_map],
            self._meters(),
            self._markers(),
            {child.tag: child.text or "" for child in metadata},
            self.tempo_map,
        )

    def _tempo_map(self) -> list[tuple[Fraction, Fraction]]:
        """Beats and bpm of every tempo; the unit of the points is that of their timeline."""
        tempo = self.project.find("Transport/Tempo")
        found = [(Fraction(0), number(tempo.get("value", "120")) if tempo is not None else Fraction(120))]
        points = self.arrangement.find("TempoAutomation") if self.arrangement is not None else None
        if points is None:
            return found
        assert tempo is not None
        assert points.find("Target").get("parameter") == tempo.get("id")  # type: ignore[union-attr]
        assert points.get("timeUnit", "beats") == "beats"
        read = []
        for point in points.iterfind("RealPoint"):
            assert point.get("interpolation") == "hold"
            read.append((number(point.get("time", "")), number(point.get("value", ""))))
        assert read[0][0] == 0
        return read

    def seconds(self, time: Fraction, unit: str) -> Fraction:
        """Seconds of a time on the arrangement."""
        if unit == "seconds":
            return time
        now = Fraction(0)
        for place, (beat, bpm) in enumerate(self.tempo_map):
            end = self.tempo_map[place + 1][0] if place + 1 < len(self.tempo_map) else time
            now += max(Fraction(0), min(end, time) - beat) * 60 / bpm
        return now

    def _walk(
        self, lanes: Xml.Element, unit: str, track: ReadTrack | None, by_id: dict[str | None, ReadTrack]
    ) -> None:
        unit = lanes.get("timeUnit", unit)
        track = by_id[lanes.get("track")] if "track" in lanes.attrib else track
        for child in lanes:
            if child.tag == "Lanes":
                self._walk(child, unit, track, by_id)
            elif child.tag == "Clips":
                assert track is not None
                inner = child.get("timeUnit", unit)
                track.clips += [self._clip(clip, inner) for clip in child.iterfind("Clip")]

    def _clip(self, clip: Xml.Element, unit: str) -> ReadClip:
        time, duration = number(clip.get("time", "")), number(clip.get("duration", ""))
        start = self.seconds(time, unit)
        audio = clip.find("Audio")
        assert audio is not None
        assert clip.get("contentTimeUnit", unit) == "seconds"
        name = audio.find("File").get("path", "")  # type: ignore[union-attr]
        return ReadClip(
            start,
            duration if unit == "seconds" else self.seconds(time + duration, unit) - start,
            number(clip.get("playStart", "0")),
            name,
            self.files[name],
            int(audio.get("sampleRate", "")),
            int(audio.get("channels", "")),
        )

    def _markers(self) -> list[tuple[Fraction, str]]:
        markers = self.arrangement.find("Markers") if self.arrangement is not None else None
        if markers is None:
            return []
        unit = markers.get("timeUnit", "beats")
        return [
            (self.seconds(number(marker.get("time", "")), unit), marker.get("name", "")) for marker in markers
        ]

    def _meters(self) -> list[tuple[float, int, int]]:
        """Beat, numerator, denominator."""
        first = self.project.find("Transport/TimeSignature")
        assert first is not None
        points = self.arrangement.find("TimeSignatureAutomation") if self.arrangement is not None else None
        found = [(0.0, first)] if points is None else []
        for point in points.iterfind("TimeSignaturePoint") if points is not None else ():
            found.append((float(point.get("time", "")), point))
        return [(at, int(e.get("numerator", "")), int(e.get("denominator", ""))) for at, e in found]


def read_dawproject(path: Path) -> ReadProject:
    """Read a project."""
    return _Reader(path).read()


# What the reference demands of each element that a project of audio has: its attributes, and its children in
# the order of the schema's sequences.
REQUIRED = {
    "Project": {"version"},
    "Application": {"name", "version"},
    "Tempo": {"unit"},
    "TimeSignature": {"numerator", "denominator"},
    "Pan": {"unit"},
    "Volume": {"unit"},
    "Clip": {"time"},
    "Audio": {"duration", "sampleRate", "channels"},
    "File": {"path"},
    "Marker": {"time"},
    "RealPoint": {"time", "value"},
    "TimeSignaturePoint": {"time", "numerator", "denominator"},
}
CHILDREN = {
    "Project": ("Application", "Transport", "Structure", "Arrangement", "Scenes"),
    "Transport": ("Tempo", "TimeSignature"),
    "Structure": ("Track",),
    "Track": ("Channel", "Track"),
    "Channel": ("Devices", "Mute", "Pan", "Sends", "Volume"),
    "Arrangement": ("Lanes", "Markers", "TempoAutomation", "TimeSignatureAutomation"),
    "Lanes": ("Lanes", "Clips"),
    "Clips": ("Clip",),
    "Clip": ("Audio",),
    "Audio": ("File",),
    "Markers": ("Marker",),
    "TempoAutomation": ("Target", "RealPoint"),
    "TimeSignatureAutomation": ("Target", "TimeSignaturePoint"),
}
TIMES = ("time", "duration", "playStart", "value", "min", "max")
METADATA = (
    *("Title", "Artist", "Album", "OriginalArtist", "Composer", "Songwriter", "Producer", "Arranger"),
    *("Year", "Genre", "Copyright", "Website", "Comment"),
)


def broken_rules(path: Path) -> list[str]:
    """Say what of the format a project breaks; empty if it keeps all its rules."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        files = {name: archive.read(name) for name in names}
    broken = [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    root, metadata = Xml.fromstring(files["project.xml"]), Xml.fromstring(files["metadata.xml"])
    if root.tag != "Project" or metadata.tag != "MetaData":
        broken.append("a root has another name")
    if [child.tag for child in metadata] != [tag for tag in METADATA if metadata.find(tag) is not None]:
        broken.append("metadata is out of order")
    ids = [element.get("id") for element in root.iter() if "id" in element.attrib]
    broken += [f"id {one} is there twice" for one in set(ids) if ids.count(one) > 1]
    for element in root.iter():
        broken += _rules_of(element, set(ids), files)
    masters = [e for e in root.iter("Channel") if e.get("role") == "master"]
    if len(masters) != 1:
        broken.append("there is not one master")
    used = {file.get("path") for file in root.iter("File")}
    broken += [f"{name} is used by nobody" for name in set(names) - used - {"project.xml", "metadata.xml"}]
    return broken


def _rules_of(element: Xml.Element, ids: set[str | None], files: dict[str, bytes]) -> list[str]:
    tag, broken = element.tag, []
    order = CHILDREN.get(tag, ())
    places = [order.index(child.tag) if child.tag in order else -1 for child in element]
    if -1 in places or places != sorted(places):
        broken.append(f"children of {tag}: {[child.tag for child in element]}")
    broken += [f"{tag} has no {name}" for name in REQUIRED.get(tag, set()) - set(element.attrib)]
    for name in ("track", "destination", "parameter", "reference"):
        if name in element.attrib and element.get(name) not in ids:
            broken.append(f"{tag}: {name} points nowhere")
    for name in TIMES:
        text = element.get(name)
        if (
            text is not None
            and text not in ("true", "false")
            and (set(text) - set("-0123456789.") or not text)
        ):
            broken.append(f"{tag}: {name}={text} is no plain number")
    if tag in ("Clip", "Marker") and float(element.get("time", "0")) < 0:
        broken.append(f"{tag} begins before 0")
    if tag == "Audio":
        broken += _audio_rules(element, files)
    if tag in ("Tempo", "RealPoint") and not 20 <= float(element.get("value", "120")) <= 999:
        broken.append(f"a tempo of {element.get('value')} is none for a DAW")
    return broken


def _audio_rules(audio: Xml.Element, files: dict[str, bytes]) -> list[str]:
    """The whole file, in seconds, inside of the archive."""
    file = audio.find("File")
    name = file.get("path", "") if file is not None else ""
    place = PurePosixPath(name)
    if name not in files or place.is_absolute() or ".." in place.parts or "\\" in name:
        return [f"the file {name} is not in the archive"]
    info = soundfile.info(io.BytesIO(files[name]))
    said = (audio.get("sampleRate"), audio.get("channels"), audio.get("timeUnit"))
    broken = []
    if said != (str(info.samplerate), str(info.channels), "seconds"):
        broken.append(f"{name}: {said} is not what it is")
    if round(number(audio.get("duration", "")) * info.samplerate) != info.frames:
        broken.append(f"{name}: the duration is not that of the file")
    return broken
