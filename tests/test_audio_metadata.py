"""Metadata from the content to the result: chunks of a WAV, and tags across containers."""

from __future__ import annotations

import base64
import io
import logging
import re
import struct
from pathlib import Path

import mutagen
import mutagen.aiff
import mutagen.flac
import mutagen.id3
import mutagen.mp3
import mutagen.oggvorbis
import numpy as np
import pytest
import soundfile

from nast_fx.audio import load_audio, open_sink, probe, read_metadata, riff
from nast_fx.audio.chunks import Metadata
from nast_fx.errors import AudioFileError
from nast_fx.models.output import OutputFormat

RATE = 48_000
N_FRAMES = 48_000
FORMATS = {
    "wav": OutputFormat(container="wav", bits="24"),
    "flac": OutputFormat(container="flac", bits="24"),
    "aiff": OutputFormat(container="aiff", bits="24"),
    "ogg": OutputFormat(container="ogg"),
    "mp3": OutputFormat(container="mp3"),
}
COMMON = {
    "title": "Ätherische Glöckchen 😀",
    "artist": "A; B",
    "album": "C",
    "date": "2024-05-06",
    "genre": "Ambient",
    "comment": "two\nlines",
    "track": "3/9",
}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def wav(path: Path, *before: bytes, after: tuple[bytes, ...] = (), n_frames: int = N_FRAMES) -> Path:
    """A WAV of 16 bits, mono, with chunks before and after the samples."""
    samples = np.random.default_rng(0).integers(-3000, 3000, n_frames).astype("<i2").tobytes()
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    body = b"WAVE" + b"".join(before) + form + chunk(b"data", samples) + b"".join(after)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def bext(time: int, version: int = 1) -> bytes:
    data = b"a description".ljust(256, b"\0") + b"recorder".ljust(32, b"\0") + b"ref".ljust(32, b"\0")
    data += b"2024-05-06" + b"07:08:09" + struct.pack("<QH", time, version) + bytes(range(64))
    data += struct.pack("<5h", -2300, 700, -100, -1800, -2000) + bytes(180) + b"A=PCM,F=48000,W=24\r\n"
    assert len(data) % 2 == 0  # one of odd size goes behind the samples
    return data


def cue(*points: tuple[int, int]) -> bytes:
    rows = [struct.pack("<II4sIII", i, frame, b"data", 0, 0, frame) for i, frame in points]
    return struct.pack("<I", len(rows)) + b"".join(rows)


def smpl(*loops: tuple[int, int]) -> bytes:
    rows = [struct.pack("<6I", i, 0, a, b, 0, 0) for i, (a, b) in enumerate(loops)]
    head = struct.pack("<9I", 1, 2, 20_833, 60, 5, 0, 0, len(rows), 3)
    return head + b"".join(rows) + b"xyz"


def label(number: int, text: bytes, name: bytes = b"labl") -> bytes:
    return chunk(name, struct.pack("<I", number) + text + b"\0")


def chunks_of(path: Path) -> dict[bytes, bytes]:
    """Chunks by name (LIST with its type), read without any of the code under test."""
    data, found, position = path.read_bytes(), {}, 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + size]
        assert len(body) == size
        found[name + body[:4] if name == b"LIST" else name] = body
        position += 8 + size + (size & 1)
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    return found


def carry(source: Path, target: Path, *, offset: int = 0, n_frames: int = N_FRAMES) -> Path:
    """Write `n_frames` of noise with the metadata of `source`."""
    output = FORMATS[target.suffix[1:]]
    samples = (0.1 * np.random.default_rng(1).standard_normal((1, n_frames))).astype(np.float32)
    metadata = read_metadata(source)
    with open_sink(target, output, RATE, 1, metadata=metadata, metadata_offset=offset) as sink:
        sink.write(samples)
    info = probe(target)
    assert (info.n_frames, info.sample_rate) == (n_frames, RATE)
    return target


def tagged(path: Path) -> Path:
    """A file with all common tags and a picture, tagged by mutagen alone."""
    samples = (0.1 * np.random.default_rng(1).standard_normal(N_FRAMES)).astype(np.float32)
    soundfile.write(path, samples, RATE, format=path.suffix[1:].upper())
    if path.suffix in (".flac", ".ogg"):
        file = mutagen.flac.FLAC(path) if path.suffix == ".flac" else mutagen.oggvorbis.OggVorbis(path)
        for name, value in COMMON.items():
            file["TRACKNUMBER" if name == "track" else name] = value
        file["ISRC"], file["REPLAYGAIN_TRACK_GAIN"] = "DE-123", "-7 dB"
        picture = mutagen.flac.Picture()
        picture.data, picture.mime, picture.type, picture.desc = PICTURE, "image/png", 3, "cover"
        if path.suffix == ".flac":
            file.add_picture(picture)
        else:
            file["METADATA_BLOCK_PICTURE"] = base64.b64encode(picture.write()).decode()
    else:
        file = mutagen.mp3.MP3(path) if path.suffix == ".mp3" else mutagen.aiff.AIFF(path)
        file.add_tags()
        keys = ["TIT2", "TPE1", "TALB", "TDRC", "TCON", "COMM", "TRCK"]
        for key, value in zip(keys, COMMON.values(), strict=True):
            extra = {"lang": "eng", "desc": ""} if key == "COMM" else {}
            file.tags.add(getattr(mutagen.id3, key)(encoding=3, text=value, **extra))
        file.tags.add(mutagen.id3.TSRC(encoding=3, text="DE-123"))
        file.tags.add(mutagen.id3.TXXX(encoding=3, desc="REPLAYGAIN_TRACK_GAIN", text="-7 dB"))
        file.tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="cover", data=PICTURE))
    file.save()
    return path


def facts(path: Path) -> tuple[dict[str, str], list[bytes], str]:
    """Common tags, pictures and all the text there is, by mutagen alone."""
    if path.suffix == ".wav":
        tag = mutagen.id3.ID3(io.BytesIO(chunks_of(path)[b"id3 "]))
    else:
        tag = mutagen.File(path).tags
    if path.suffix in (".flac", ".ogg"):
        names = {n: "tracknumber" if n == "track" else n for n in COMMON}
        pictures = [mutagen.flac.Picture(base64.b64decode(p)) for p in tag.get("metadata_block_picture", [])]
        pictures += mutagen.flac.FLAC(path).pictures if path.suffix == ".flac" else []
        return {n: tag[key][0] for n, key in names.items()}, [p.data for p in pictures], str(tag.pprint())
    keys = dict(zip(COMMON, ["TIT2", "TPE1", "TALB", "TDRC", "TCON", "COMM", "TRCK"], strict=True))
    found = {name: str(tag.getall(key)[0].text[0]) for name, key in keys.items()}
    return found, [p.data for p in tag.getall("APIC")], tag.pprint()


class TestWavToWav:
    def test_all_chunks_are_copied_byte_for_byte(self, tmp_path):
        info = b"INFO" + chunk(b"INAM", b"name\0") + chunk(b"IENG", b"odd") + chunk(b"ISFT", b"x\0")
        chunks = {
            b"bext": bext(10**12),
            b"iXML": b"<?xml?><BWFXML><NOTE>a</NOTE></BWFXML>",
            b"inst": bytes(range(7)),
            b"acid": struct.pack("<IHHfIHHf", 0, 60, 0, 0.0, 16, 4, 4, 120.0),
            b"cue ": cue((1, 0), (2, 24_000), (3, N_FRAMES)),
            b"LISTadtl": b"adtl" + label(2, b"mid") + label(3, b"end", b"note"),
            b"LISTINFO": info,
            b"smpl": smpl((0, 100), (100, N_FRAMES - 1)),
        }
        parts = [chunk(name[:4], data) for name, data in chunks.items()]
        source = wav(tmp_path / "a.wav", *parts[:4], after=tuple(parts[4:]))
        found = chunks_of(carry(source, tmp_path / "b.wav"))
        assert {name: found.get(name) for name in chunks} == chunks
        assert list(found).index(b"bext") < list(found).index(b"data")  # as EBU Tech 3285 draws it
        assert soundfile.SoundFile(tmp_path / "b.wav").title == "name"

    def test_unknown_chunks_are_left_behind(self, tmp_path):
        source = wav(tmp_path / "a.wav", chunk(b"regn", bytes(8)), chunk(b"LIST", b"strg" + bytes(4)))
        assert read_metadata(source).chunks == ()
        assert set(chunks_of(carry(source, tmp_path / "b.wav"))) == {b"JUNK", b"fmt ", b"data"}

    def test_the_time_reference_moves_with_the_snippet(self, tmp_path):
        start = 2**32 - 1000  # so that the sum passes the lower half
        source = wav(tmp_path / "a.wav", chunk(b"bext", bext(start)))
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=12_345, n_frames=100))[b"bext"]
        assert found == bext(start + 12_345)

    def test_a_loudness_of_the_old_sound_is_not_claimed(self, tmp_path):
        source = wav(tmp_path / "a.wav", chunk(b"bext", bext(7, version=2)))
        found = chunks_of(carry(source, tmp_path / "b.wav"))[b"bext"]
        assert found[412:422] == struct.pack("<5h", *[0x7FFF] * 5)
        assert found[:412] + found[422:] == bext(7, version=2)[:412] + bext(7)[422:]

    def test_the_time_in_ixml_moves_too(self, tmp_path):
        text = (
            b"<BWFXML><BEXT><BWF_TIME_REFERENCE_LOW>4294967290</BWF_TIME_REFERENCE_LOW>"
            b"<BWF_TIME_REFERENCE_HIGH>1</BWF_TIME_REFERENCE_HIGH></BEXT><SPEED>"
            b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>0</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
            b"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>5</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED></BWFXML>"
        )
        source = wav(tmp_path / "a.wav", chunk(b"iXML", text))
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=10, n_frames=99))[b"iXML"]
        assert [int(n) for n in re.findall(rb">(\d+)<", found)] == [4, 2, 0, 15]
        assert re.sub(rb">\d+<", b"><", found) == re.sub(rb">\d+<", b"><", text)

    def test_cue_points_move_and_those_outside_go_with_their_labels(self, tmp_path):
        labels = b"adtl" + b"".join(label(i, b"p%d" % i) for i in (1, 2, 3, 4))
        points = cue((1, 999), (2, 1000), (3, 1500), (4, 1501))
        source = wav(tmp_path / "a.wav", after=(chunk(b"cue ", points), chunk(b"LIST", labels)))
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=1000, n_frames=500))
        assert found[b"cue "] == cue((2, 0), (3, 500))
        assert found[b"LISTadtl"] == b"adtl" + label(2, b"p2") + label(3, b"p3")

    def test_without_points_there_is_no_cue_chunk(self, tmp_path):
        source = wav(
            tmp_path / "a.wav", after=(chunk(b"cue ", cue((1, 5))), chunk(b"LIST", b"adtl" + label(1, b"x")))
        )
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=1000, n_frames=500))
        assert b"cue " not in found
        assert b"LISTadtl" not in found

    def test_loops_move_and_those_outside_go(self, tmp_path):
        loops = smpl((999, 1200), (1000, 1499), (1100, 2000), (3000, 4000))
        source = wav(tmp_path / "a.wav", after=(chunk(b"smpl", loops),))
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=1000, n_frames=500))[b"smpl"]
        assert struct.unpack_from("<I", found, 28)[0] == 1
        assert struct.unpack_from("<6I", found, 36) == (1, 0, 0, 499, 0, 0)
        assert found[:28] == loops[:28]
        assert found[60:] == b"xyz"

    def test_beats_shrink_with_the_length(self, tmp_path):
        acid = struct.pack("<IHHfIHHf", 0, 60, 0, 0.0, 16, 4, 4, 120.0)
        source = wav(tmp_path / "a.wav", chunk(b"acid", acid))
        found = chunks_of(carry(source, tmp_path / "b.wav", offset=5, n_frames=N_FRAMES // 4))[b"acid"]
        assert struct.unpack("<IHHfIHHf", found) == (0, 60, 0, 0.0, 4, 4, 4, 120.0)

    def test_an_id3_chunk_is_kept(self, tmp_path):
        source = carry(tagged(tmp_path / "a.mp3"), tmp_path / "a.wav")
        assert facts(carry(source, tmp_path / "b.wav")) == facts(source)

    def test_the_speakers_of_a_surround_file_are_kept(self, tmp_path):
        samples = np.random.default_rng(0).uniform(-0.5, 0.5, (100, 4)).astype(np.float32)
        soundfile.write(tmp_path / "a.wav", samples, RATE, "PCM_24", format="WAVEX")
        data = bytearray((tmp_path / "a.wav").read_bytes())
        mask = data.index(b"fmt ") + 8 + 20
        data[mask : mask + 4] = struct.pack("<I", 0x107)
        (tmp_path / "a.wav").write_bytes(data)
        metadata = read_metadata(tmp_path / "a.wav")
        with open_sink(tmp_path / "b.wav", FORMATS["wav"], RATE, 4, metadata=metadata) as sink:
            sink.write(samples.T)
        assert read_metadata(tmp_path / "b.wav").speakers == (4, 0x107)

    def test_an_rf64_keeps_and_gets_chunks(self, tmp_path, monkeypatch):
        monkeypatch.setattr(riff, "MAX_RIFF_BYTES", 1000)
        chunks = {b"bext": bext(5), b"iXML": b"odd", b"cue ": cue((1, 7))}
        source = wav(tmp_path / "a.wav", *[chunk(name, data) for name, data in chunks.items()])
        carry(source, tmp_path / "b.wav")
        assert (tmp_path / "b.wav").read_bytes()[:4] == b"RF64"
        assert soundfile.info(tmp_path / "b.wav").frames == N_FRAMES
        carry(tmp_path / "b.wav", tmp_path / "c.wav")
        assert dict(read_metadata(tmp_path / "c.wav").chunks) == chunks

    @pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
    def test_any_rf64_is_read(self, tmp_path, magic):
        """Also with a chunk of odd size before the samples, and as BW64: libsndfile reads neither."""
        samples = np.random.default_rng(0).integers(-3000, 3000, 1000)
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, 2000, 1000, 0))
        form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
        data = b"data" + struct.pack("<I", 2**32 - 1) + samples.astype("<i2").tobytes()
        body = magic + struct.pack("<I", 2**32 - 1) + b"WAVE" + ds64 + chunk(b"bext", b"odd") + form + data
        path = tmp_path / "a.wav"
        path.write_bytes(body + chunk(b"axml", b"<a/>"))
        assert probe(path).n_frames == 1000
        assert np.array_equal(load_audio(path).samples[0], samples.astype(np.float32) / 2**15)
        path.write_bytes(body[:-2])
        with pytest.raises(AudioFileError, match="cut short"):
            probe(path)

    def test_chunks_begin_at_even_places(self, tmp_path):
        """24 bits, mono, an odd number of frames: a zero follows the samples, and each odd chunk."""
        chunks = [(b"inst", bytes(range(7))), (b"iXML", b"odd"), (b"cue ", cue((1, 7)))]
        source = wav(tmp_path / "a.wav", after=tuple(chunk(name, data) for name, data in chunks))
        path = carry(source, tmp_path / "b.wav", n_frames=101)
        found = chunks_of(path)
        assert len(found[b"data"]) == 303
        assert [(name, found[name]) for name, _ in chunks] == chunks
        assert path.stat().st_size % 2 == 0

    def test_the_pad_after_samples_is_there_without_chunks(self, tmp_path):
        path = carry(wav(tmp_path / "a.wav"), tmp_path / "b.wav", n_frames=101)
        assert path.stat().st_size % 2 == 0
        assert len(chunks_of(path)[b"data"]) == 303

    def test_chunks_that_are_there_are_replaced(self, tmp_path):
        path = wav(tmp_path / "a.wav", chunk(b"bext", bext(1)), chunk(b"iXML", b"old"), n_frames=101)
        samples = load_audio(path).samples
        with open(path, "r+b") as file:
            riff.replace_chunks(file, [(b"bext", bext(2)), (b"iXML", b"longer than it was")])
        found = chunks_of(path)
        assert found[b"bext"] == bext(2)
        assert found[b"iXML"] == b"longer than it was"
        assert np.array_equal(load_audio(path).samples, samples)


class TestTags:
    @pytest.mark.parametrize("target", ["wav", "flac", "aiff", "ogg", "mp3"])
    @pytest.mark.parametrize("source", ["flac", "aiff", "ogg", "mp3"])
    def test_tags_and_picture_reach_every_container(self, tmp_path, source, target):
        path = carry(tagged(tmp_path / f"a.{source}"), tmp_path / f"b.{target}")
        texts, pictures, everything = facts(path)
        assert texts == COMMON
        assert pictures == [PICTURE]
        families = [("flac", "ogg"), ("mp3", "aiff", "wav")]
        assert ("DE-123" in everything) == any(source in f and target in f for f in families)
        assert "replaygain" not in everything.lower()

    @pytest.mark.parametrize("target", ["flac", "aiff", "ogg", "mp3"])
    def test_the_info_list_of_a_wav_becomes_tags(self, tmp_path, target):
        ids = [b"INAM", b"IART", b"IPRD", b"ICRD", b"IGNR", b"ICMT", b"ITRK"]
        items = [chunk(i, v.encode() + b"\0") for i, v in zip(ids, COMMON.values(), strict=True)]
        source = wav(tmp_path / "a.wav", chunk(b"LIST", b"INFO" + b"".join(items)))
        assert facts(carry(source, tmp_path / f"b.{target}"))[0] == COMMON

    @pytest.mark.parametrize("source", ["flac", "aiff", "ogg", "mp3"])
    def test_tags_become_the_info_list_of_a_wav(self, tmp_path, source):
        path = carry(tagged(tmp_path / f"a.{source}"), tmp_path / "b.wav")
        with soundfile.SoundFile(path) as file:
            assert (file.title, file.artist, file.album) == (COMMON["title"], "A; B", "C")
            assert (file.date, file.genre, file.comment) == ("2024-05-06", "Ambient", "two\nlines")
            assert file.tracknumber == "3/9"

    def test_old_text_of_windows_is_read(self, tmp_path):
        source = wav(
            tmp_path / "a.wav", chunk(b"LIST", b"INFO" + chunk(b"INAM", "Glöckchen".encode("cp1252")))
        )
        assert read_metadata(source).tags.common == {"title": ("Glöckchen",)}

    def test_texts_of_an_aiff_without_id3_are_read(self, tmp_path):
        path = tmp_path / "a.aiff"
        with soundfile.SoundFile(path, "w", RATE, 1, format="AIFF") as file:
            file.title, file.artist, file.comment = "name", "author", "remark"
            file.write(np.zeros(10))
        assert read_metadata(path).tags.common == {
            "title": ("name",),
            "artist": ("author",),
            "comment": ("remark",),
        }

    def test_several_values_stay_apart(self, tmp_path):
        file = mutagen.flac.FLAC(tagged(tmp_path / "a.flac"))
        file["ARTIST"] = ["one", "two"]
        file.save()
        assert mutagen.File(carry(tmp_path / "a.flac", tmp_path / "b.ogg"))["artist"] == ["one", "two"]
        assert mutagen.File(carry(tmp_path / "a.flac", tmp_path / "b.mp3"))["TPE1"].text == ["one", "two"]

    def test_the_version_of_an_id3_tag_is_kept(self, tmp_path):
        file = mutagen.mp3.MP3(tagged(tmp_path / "a.mp3"))
        file.tags.update_to_v23()
        file.save(v2_version=3)
        path = carry(tmp_path / "a.mp3", tmp_path / "b.mp3")
        assert mutagen.id3.ID3(path, translate=False).version == (2, 3, 0)
        assert b"TYER" in path.read_bytes()[:2000]  # the year as that version has it
        assert b"TDRC" not in path.read_bytes()[:2000]
        assert facts(path)[0] == COMMON

    def test_tagged_files_are_repeatable(self, tmp_path):
        for target in FORMATS:
            source = tagged(tmp_path / "a.flac") if target != "flac" else tagged(tmp_path / "a.mp3")
            first = carry(source, tmp_path / f"b.{target}").read_bytes()
            assert carry(source, tmp_path / f"c.{target}").read_bytes() == first, target

    def test_a_gapless_mark_of_the_old_file_does_not_cut_the_new_one(self, tmp_path):
        file = mutagen.mp3.MP3(tagged(tmp_path / "a.mp3"))
        file.tags.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="iTunSMPB", text=" 00000000 00000210"))
        file.tags.add(mutagen.id3.TLEN(encoding=3, text="1000"))
        file.save()
        everything = facts(carry(tmp_path / "a.mp3", tmp_path / "b.mp3"))[2]
        assert "TLEN" not in everything
        assert "iTunSMPB" not in everything

    def test_a_picture_that_is_too_large_for_flac_is_left_out(self, tmp_path):
        file = mutagen.mp3.MP3(tagged(tmp_path / "a.mp3"))
        file.tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=4, desc="x", data=bytes(2**24)))
        file.save()
        texts, pictures, _ = facts(carry(tmp_path / "a.mp3", tmp_path / "b.flac"))
        assert (texts, pictures) == (COMMON, [PICTURE])


class TestBrokenMetadata:
    @pytest.mark.parametrize("target", ["wav", "flac", "aiff", "ogg", "mp3"])
    def test_garbage_in_chunks_never_stops_a_render(self, tmp_path, target):
        junk = np.random.default_rng(0)
        names = [b"bext", b"cue ", b"smpl", b"iXML", b"acid", b"inst", b"id3 ", b"LIST"]
        for size in (0, 1, 3, 5, 37, 700):
            parts = [chunk(n, (b"adtl" if n == b"LIST" else b"") + junk.bytes(size)) for n in names]
            parts.append(chunk(b"LIST", b"INFO" + junk.bytes(size)))
            source = wav(tmp_path / "a.wav", *parts)
            carry(source, tmp_path / f"b{size}.{target}", offset=10, n_frames=500)

    @pytest.mark.parametrize("container", ["flac", "mp3", "aiff", "ogg"])
    def test_garbage_in_tags_is_left_out_with_a_line_in_the_log(self, tmp_path, container, caplog):
        path = tagged(tmp_path / f"a.{container}")
        whole = path.read_bytes()
        place = whole.index("Ätherische".encode()) - 30
        for seed in range(20):
            data = bytearray(whole)
            data[place : place + 40] = np.random.default_rng(seed).bytes(40)
            path.write_bytes(data)
            with caplog.at_level(logging.WARNING):
                assert isinstance(read_metadata(path), Metadata)

    def test_a_cut_chunk_is_left_out(self, tmp_path):
        source = wav(tmp_path / "a.wav", after=(chunk(b"bext", bext(1)),))
        source.write_bytes(source.read_bytes()[:-50])
        assert read_metadata(source).chunks == ()

    def test_containers_without_metadata(self, tmp_path):
        for container in ("W64", "CAF", "AU"):
            soundfile.write(tmp_path / "a", np.zeros(10), RATE, format=container)
            assert read_metadata(tmp_path / "a") == Metadata()
