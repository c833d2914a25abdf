"""Which file format a result gets."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from nast_fx.errors import UsageError
from nast_fx.models.output import ALLOWED_BITS, OutputFormat, choose_format, extension


def choose(suffix=None, format=None, bits=None, like=None, subtype=None) -> tuple[str, str | None]:
    chosen = choose_format(
        path_suffix=suffix, format=format, bits=bits, like_container=like, like_subtype=subtype
    )
    return chosen.container, chosen.bits


class TestContainer:
    @pytest.mark.parametrize(
        ("suffix", "format", "like", "container"),
        [
            (".flac", None, "MP3", "flac"),
            (None, "flac", "MP3", "flac"),
            (None, None, "MP3", "mp3"),
            (None, None, "FLAC", "flac"),
            (None, None, "AIFF", "aiff"),
            (None, None, "OGG", "ogg"),
            (None, None, "RF64", "wav"),
            (None, None, "W64", "wav"),
            (None, None, "CAF", "wav"),
            (None, None, None, "wav"),
            ("", None, "FLAC", "flac"),
            (".WAV", None, "FLAC", "wav"),
            (".aif", "aiff", None, "aiff"),
            (".wave", "wav", None, "wav"),
            (".bwf", None, None, "wav"),
            (".oga", ".OGG", None, "ogg"),
        ],
    )
    def test_what_decides(self, suffix, format, like, container):
        assert choose(suffix, format, like=like, subtype="PCM_16")[0] == container

    def test_a_format_against_the_suffix_is_an_error(self):
        with pytest.raises(UsageError, match=r"--format flac does not fit the output's suffix \.wav"):
            choose(".wav", "flac")

    def test_unknown_names_say_what_there_is(self):
        with pytest.raises(
            UsageError, match=r"--format flak: must be one of wav, flac, .*did you mean 'flac'"
        ):
            choose(format="flak")
        with pytest.raises(UsageError, match=r"suffix \.wma: must be one of wav, flac, aiff, ogg, mp3"):
            choose(".wma")


class TestBits:
    @pytest.mark.parametrize(
        ("container", "subtype", "bits"),
        [
            ("wav", "PCM_16", "16"),
            ("wav", "PCM_U8", "16"),
            ("wav", "ULAW", "16"),
            ("wav", "PCM_24", "24"),
            ("wav", "PCM_32", "32f"),
            ("aiff", "DOUBLE", "32f"),
            ("wav", "FLOAT", "32f"),
            ("flac", "PCM_32", "24"),
            ("flac", "FLOAT", "24"),
            ("flac", "PCM_S8", "16"),
            ("wav", "VORBIS", "24"),
            ("flac", "MPEG_LAYER_III", "24"),
            ("wav", None, "24"),
            ("ogg", "PCM_24", None),
            ("mp3", "FLOAT", None),
        ],
    )
    def test_the_depth_follows_the_content(self, container, subtype, bits):
        assert choose(format=container, like="WAV", subtype=subtype) == (container, bits)

    @pytest.mark.parametrize("container", ALLOWED_BITS)
    @pytest.mark.parametrize("bits", ["16", "24", "32f"])
    def test_a_depth_is_taken_or_refused_with_the_rule(self, container, bits):
        if bits in ALLOWED_BITS[container]:
            assert choose(format=container, bits=bits.upper(), subtype="PCM_16") == (container, bits)
        else:
            rule = "takes 16, 24" if container == "flac" else "has no bit depth"
            with pytest.raises(UsageError, match=rf"--bits {bits}: {container} {rule}"):
                choose(format=container, bits=bits)

    def test_unknown_depths_say_what_there_is(self):
        with pytest.raises(UsageError, match=r"--bits 32: must be one of 16, 24, 32f; did you mean '32f'"):
            choose(bits="32")


class TestOutputFormat:
    @pytest.mark.parametrize(
        "values",
        [
            {"container": "wav"},
            {"container": "flac", "bits": "32f"},
            {"container": "mp3", "bits": "16"},
            {"container": "wav", "bits": "24", "x": 1},
            {"container": "m4a"},
        ],
    )
    def test_what_makes_no_sense_cannot_be_made(self, values):
        with pytest.raises(ValidationError):
            OutputFormat(**values)

    def test_extensions_lead_back_to_their_format(self):
        for container, allowed in ALLOWED_BITS.items():
            output = OutputFormat(container=container, bits=allowed[0] if allowed else None)
            assert choose(extension(output), bits=output.bits) == (output.container, output.bits)

    def test_it_needs_no_arrays(self):
        code = "import sys, nast_fx.models.output; sys.exit('numpy' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
