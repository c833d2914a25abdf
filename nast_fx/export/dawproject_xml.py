"""The two XML files of a DAWproject 1.0 (github.com/bitwig/dawproject): the project, and what it is called.

Clips and markers are in seconds, written as the shortest decimal whose nearest double is that of frames over
rate: what is read times the rate lies within a millionth of a frame of a whole number. Tempo and meters are
in beats, since they belong on beats. The format knows no keys: they are markers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree as Xml

from nast_fx.audio.names import clean_text
from nast_fx.export.daw_song import Song, TempoMap, Track
from nast_fx.version import __version__

__all__ = ["FORMAT_VERSION", "MOST_GAIN", "metadata_xml", "number_text", "project_xml"]

FORMAT_VERSION = "1.0"
MOST_GAIN = 2.0  # +6 dB: where the faders of the DAWs end
DRY_COLOR, STYLED_COLOR = "#8a8f98", "#e08a3c"
TAGS = {"artist": "Artist", "album": "Album", "date": "Year", "genre": "Genre"}


def project_xml(song: Song, files: Mapping[str, str]) -> bytes:
    """Write ``project.xml``.

    Parameters
    ----------
    song : Song
    files : Mapping of str to str
        Place in the archive by the path of a file.
    """
    root = Xml.Element("Project", version=FORMAT_VERSION)
    Xml.SubElement(root, "Application", name="nast-fx", version=__version__)
    tempo_map = TempoMap(song.tempos)
    _add_transport(root, song, tempo_map)
    structure = Xml.SubElement(root, "Structure")
    for number, track in enumerate(song.tracks):
        _add_track(structure, number, track)
    _add_master(structure, max(track.clip.file.n_channels for track in song.tracks))
    arrangement = Xml.SubElement(root, "Arrangement", id="arrangement")
    lanes = Xml.SubElement(arrangement, "Lanes", timeUnit="seconds", id="lanes")
    for number, track in enumerate(song.tracks):
        _add_clip(lanes, number, track, files[str(track.clip.file.path)])
    if song.markers:
        markers = Xml.SubElement(arrangement, "Markers", timeUnit="seconds", id="markers")
        for seconds, text in sorted(song.markers):
            Xml.SubElement(markers, "Marker", time=number_text(seconds), name=_text(text))
    _add_automation(arrangement, song, tempo_map)
    return _bytes(root)


def metadata_xml(song: Song) -> bytes:
    """Write ``metadata.xml``."""
    root = Xml.Element("MetaData")
    facts = {"Title": song.title} | {TAGS[name]: song.tags[name] for name in TAGS if name in song.tags}
    facts["Comment"] = f"Made by nast-fx {__version__}. The dry tracks are what was styled."
    for name in ("Title", "Artist", "Album", "Year", "Genre", "Comment"):  # in the schema's order
        if name in facts:
            Xml.SubElement(root, name).text = _text(facts[name])
    return _bytes(root)


def _add_transport(root: Xml.Element, song: Song, tempo_map: TempoMap) -> None:
    transport = Xml.SubElement(root, "Transport")
    bpm = number_text(tempo_map.events[0][1])
    Xml.SubElement(transport, "Tempo", unit="bpm", value=bpm, id="tempo", name="Tempo")
    _, numerator, denominator = song.meters[0] if song.meters else (0, 4, 4)
    Xml.SubElement(
        transport, "TimeSignature", numerator=str(numerator), denominator=str(denominator), id="meter"
    )


def _add_track(structure: Xml.Element, number: int, track: Track) -> None:
    color = DRY_COLOR if track.is_dry else STYLED_COLOR
    name = _text(track.name)
    element = Xml.SubElement(
        structure, "Track", contentType="audio", loaded="true", id=f"track-{number}", name=name, color=color
    )
    channel = Xml.SubElement(
        element,
        "Channel",
        audioChannels=str(track.clip.file.n_channels),
        destination="master",
        role="regular",
        id=f"channel-{number}",
    )
    _add_fader(channel, number, track.gain, is_muted=track.is_muted)


def _add_master(structure: Xml.Element, n_channels: int) -> None:
    element = Xml.SubElement(
        structure, "Track", contentType="audio", loaded="true", id="track-master", name="Master"
    )
    channel = Xml.SubElement(
        element, "Channel", audioChannels=str(max(2, n_channels)), role="master", id="master"
    )
    _add_fader(channel, "master", 1.0, is_muted=False)


def _add_fader(channel: Xml.Element, name: int | str, gain: float, *, is_muted: bool) -> None:
    """Mute, pan and volume, in the schema's order."""
    mute = "true" if is_muted else "false"
    Xml.SubElement(channel, "Mute", value=mute, id=f"mute-{name}", name="Mute")
    pan = {"unit": "normalized", "min": "0", "max": "1", "value": "0.5", "id": f"pan-{name}", "name": "Pan"}
    Xml.SubElement(channel, "Pan", pan)
    volume = {"unit": "linear", "min": "0", "max": number_text(MOST_GAIN), "value": number_text(gain)}
    Xml.SubElement(channel, "Volume", volume | {"id": f"volume-{name}", "name": "Volume"})


def _add_clip(lanes: Xml.Element, number: int, track: Track, place: str) -> None:
    """Put the whole file onto the track, as it is: neither stretched nor looped nor faded."""
    clip, file = track.clip, track.clip.file
    lane = Xml.SubElement(lanes, "Lanes", track=f"track-{number}", id=f"lane-{number}")
    clips = Xml.SubElement(lane, "Clips", id=f"clips-{number}")
    length = number_text(clip.length)
    element = Xml.SubElement(
        clips,
        "Clip",
        time=number_text(clip.start),
        duration=length,
        contentTimeUnit="seconds",
        playStart="0",
        name=_text(track.name),
    )
    audio = Xml.SubElement(
        element,
        "Audio",
        channels=str(file.n_channels),
        duration=length,
        sampleRate=str(file.sample_rate),
        timeUnit="seconds",
        id=f"audio-{number}",
    )
    Xml.SubElement(audio, "File", path=place)


def _add_automation(arrangement: Xml.Element, song: Song, tempo_map: TempoMap) -> None:
    """Tempo and meters over time, where they change."""
    if len(tempo_map.events) > 1:
        points = Xml.SubElement(
            arrangement, "TempoAutomation", unit="bpm", timeUnit="beats", id="tempo-points"
        )
        Xml.SubElement(points, "Target", parameter="tempo")
        for beat, bpm in tempo_map.events:
            at = {"time": number_text(beat), "value": number_text(bpm), "interpolation": "hold"}
            Xml.SubElement(points, "RealPoint", at)
    if len(song.meters) > 1:
        points = Xml.SubElement(arrangement, "TimeSignatureAutomation", timeUnit="beats", id="meter-points")
        Xml.SubElement(points, "Target", parameter="meter")
        for seconds, numerator, denominator in song.meters:
            at = {"time": number_text(tempo_map.beats(seconds))}
            meter = {"numerator": str(numerator), "denominator": str(denominator)}
            Xml.SubElement(points, "TimeSignaturePoint", at | meter)


def number_text(value: float | Fraction) -> str:
    """Give the shortest decimal of the nearest double, without an exponent: not every reader takes one."""
    return format(Decimal(repr(float(value))).normalize() + 0, "f")


def _text(text: str) -> str:
    """Text without what XML 1.0 cannot hold."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if (ord(c) < 32 or ord(c) in (0xFFFE, 0xFFFF)) else c
        for c in clean_text(text)
    )


def _bytes(root: Xml.Element) -> bytes:
    Xml.indent(root)
    text: bytes = Xml.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"
