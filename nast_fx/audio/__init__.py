"""Audio files and signals on disk: reading, checking, resampling, writing, metadata."""

from nast_fx.audio.atomic import free_space_shortfall
from nast_fx.audio.block import Audio, Samples
from nast_fx.audio.check import SampleStats, check_samples
from nast_fx.audio.chunks import Metadata, read_metadata, write_metadata
from nast_fx.audio.files import load_audio, save_audio
from nast_fx.audio.limits import check_writable, estimated_bytes
from nast_fx.audio.names import shown
from nast_fx.audio.resample import resample, resample_source, resampled_length
from nast_fx.audio.scratch import ScratchFile
from nast_fx.audio.sink import FileSink, copy_exact, open_sink
from nast_fx.audio.source import ArraySource, AudioSource, FileInfo, FileSource, open_source, probe

__all__ = [
    "ArraySource",
    "Audio",
    "AudioSource",
    "FileInfo",
    "FileSink",
    "FileSource",
    "Metadata",
    "SampleStats",
    "Samples",
    "ScratchFile",
    "check_samples",
    "check_writable",
    "copy_exact",
    "estimated_bytes",
    "free_space_shortfall",
    "load_audio",
    "open_sink",
    "open_source",
    "probe",
    "read_metadata",
    "resample",
    "resample_source",
    "resampled_length",
    "save_audio",
    "shown",
    "write_metadata",
]
