"""`nast-fx train`: the networks that the trained methods use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args

import typer

from nast_fx.cli.console import Reporter, reporter_for
from nast_fx.cli.fields import field_option
from nast_fx.cli.options import ReportingOptions
from nast_fx.cli.parameters import checked, option_names, takes
from nast_fx.errors import AudioFileError, CancelledError, UsageError, did_you_mean
from nast_fx.models.training import TaskName, TrainingSettings
from nast_fx.progress import Steps

if TYPE_CHECKING:
    from nast_fx.train.card import Published
    from nast_fx.train.clips import ClipSet
    from nast_fx.train.loop import Trained
    from nast_fx.train.tasks import Task

__all__ = ["app"]

app = typer.Typer(add_completion=False)

DATA, LEARNING = "Data", "Learning"
AUTOENCODER = "autoencoder"

T = TypeVar("T")

EPILOG = (
    "Examples: nast-fx train instruments -o run; nast-fx train sounds -o mine --data UrbanSound8K; "
    "nast-fx train instruments -o run --resume"
)


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ReportingOptions):
    """What `train` takes; names of `TrainingSettings` fields are the settings' own."""

    task: Annotated[
        str,
        typer.Argument(metavar="instruments|sounds|autoencoder", help="Which network.", show_default=False),
    ]
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for weights and checkpoints.")
    ]
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Your own recordings; without it the data are rendered here.",
            rich_help_panel=DATA,
        ),
    ] = None
    layout: Annotated[
        str | None, field_option("--layout", model=TrainingSettings, field="layout", panel=DATA)
    ] = None
    group_by: Annotated[
        str | None, field_option("--group-by", model=TrainingSettings, field="group_by", panel=DATA)
    ] = None
    held_out: Annotated[
        str | None,
        field_option("--held-out", model=TrainingSettings, field="held_out", panel=DATA, metavar="GROUPS"),
    ] = None
    held_out_share: Annotated[
        str | None,
        field_option("--held-out-share", model=TrainingSettings, field="held_out_share", panel=DATA),
    ] = None
    soundfont: Annotated[
        Path | None,
        typer.Option(
            "--soundfont", metavar="FILE.sf2", help="By default the installed one.", rich_help_panel=DATA
        ),
    ] = None
    epochs: Annotated[
        str | None,
        field_option("--epochs", model=TrainingSettings, field="epochs", panel=LEARNING, metavar="N"),
    ] = None
    batch_size: Annotated[
        str | None,
        field_option("--batch-size", model=TrainingSettings, field="batch_size", panel=LEARNING, metavar="N"),
    ] = None
    learning_rate: Annotated[
        str | None,
        field_option("--learning-rate", model=TrainingSettings, field="learning_rate", panel=LEARNING),
    ] = None
    gain_db: Annotated[
        str | None,
        field_option("--gain", model=TrainingSettings, field="gain_db", panel=LEARNING, metavar="DB"),
    ] = None
    shift_seconds: Annotated[
        str | None,
        field_option("--shift", model=TrainingSettings, field="shift_seconds", panel=LEARNING, metavar="S"),
    ] = None
    seed: Annotated[
        str | None, field_option("--seed", model=TrainingSettings, field="seed", panel=LEARNING, metavar="N")
    ] = None
    threads: Annotated[
        str | None,
        field_option("--threads", model=TrainingSettings, field="threads", panel=LEARNING, metavar="N"),
    ] = None
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where FOLDER's last epoch ended.", rich_help_panel=LEARNING),
    ] = False

    def settings(self) -> TrainingSettings:
        """Make the settings of what was given."""
        values = {
            name: value
            for name in TrainingSettings.model_fields
            if (value := getattr(self, name)) is not None
        }
        return checked(TrainingSettings, values, names=option_names(type(self)))


@app.command(epilog=EPILOG)
@takes(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train a network on instruments, sounds or waveforms, and write its weights and a model card.

    Without --data, instruments and the autoencoder of waveforms learn from the notes of a General-MIDI
    soundfont, sounds from speech, samples and notes. A training that was stopped goes on with --resume. Use
    the weights by their path. The autoencoder's own defaults are 2 epochs, batches of 2, and a rate of 0.008.
    """
    settings = options.settings()
    if options.task == AUTOENCODER:
        _train_autoencoder(options, settings)
        return
    task = _task(options.task)
    _make_folder(options.output, resume=options.resume)
    clips = _clips(task.name, task.seconds, options, settings)

    from nast_fx.train.card import publish
    from nast_fx.train.loop import train as steps

    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    trained = _follow(reporter, steps(task, clips, settings, options.output, resume=options.resume), options)
    published = publish(options.output, task, clips, trained, command=_command(options, settings))
    _report(reporter, trained, published)


def _train_autoencoder(options: TrainOptions, settings: TrainingSettings) -> None:
    from nast_fx.train.autoencoder import SECONDS, train_autoencoder
    from nast_fx.train.autoencoder_card import publish_autoencoder, verdict

    _make_folder(options.output, resume=options.resume)
    clips = _clips(AUTOENCODER, SECONDS, options, settings)
    reporter = reporter_for(as_json=options.json, quiet=options.quiet)
    steps = train_autoencoder(clips, settings, options.output, resume=options.resume)
    trained = _follow(reporter, steps, options)
    published = publish_autoencoder(options.output, clips, trained, command=_command(options, settings))
    info = published.trained.info
    fields = {
        "weights": published.weights_path.resolve(),
        "card": published.card_path.resolve(),
        "history": published.history_path.resolve(),
        "bits": info.bits,
        "embedding_bits": info.embedding_bits,
        "snr_db": info.snr_db,
        "linear_bits": info.linear_bits,
        "linear_snr_db": info.linear_snr_db,
        "beats_linear": info.beats_linear,
        "n_training": trained.n_training,
        "n_held_out": trained.n_held_out,
        "epochs": trained.history,
        "hash": published.trained.hash,
    }
    summary = f"{verdict(info)}; hash {published.trained.hash[:16]}"
    reporter.result(fields, line=str(published.weights_path.resolve()), summary=summary)


def _follow(reporter: Reporter, steps: Steps[T], options: TrainOptions) -> T:
    """Run a training; if it is stopped, say that it can go on."""
    from nast_fx.train.loop import LAST

    try:
        return reporter.follow(steps, title=options.task)
    except KeyboardInterrupt:
        if (options.output / LAST).is_file():
            raise CancelledError("cancelled; the finished epochs are kept, go on with --resume") from None
        raise


def _task(name: str) -> Task:
    known = (*get_args(TaskName), AUTOENCODER)
    if name not in known:
        raise UsageError(
            f"there is no training '{name}': it is one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    from nast_fx.train.tasks import TASKS

    return next(task for task in TASKS.values() if task.name == name)


def _make_folder(folder: Path, *, resume: bool) -> None:
    """Make the folder of a new training, or find that of an old one."""
    from nast_fx.audio.atomic import check_place
    from nast_fx.audio.names import file_error
    from nast_fx.train.loop import LAST

    last = folder / LAST
    if resume and not last.is_file():
        raise AudioFileError(f"{folder}: there is no training to go on with ({LAST})")
    if not resume and last.exists():
        raise UsageError(
            f"--out {folder} holds a training already: go on with --resume, or name another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(folder, "cannot be made", error) from error
    check_place(last)


def _clips(task: str, seconds: float, options: TrainOptions, settings: TrainingSettings) -> ClipSet:
    if options.data is not None:
        from nast_fx.train.files import open_layout

        return open_layout(options.data, settings.layout, group_by=settings.group_by, seconds=seconds)
    from nast_fx.train.soundfont import find_soundfont

    soundfont = find_soundfont(options.soundfont)
    if task in ("instruments", AUTOENCODER):
        from nast_fx.train.notes import instrument_notes

        return instrument_notes(soundfont)
    from nast_fx.train.sounds import ten_sounds

    return ten_sounds(soundfont, seconds)


def _command(options: TrainOptions, settings: TrainingSettings) -> str:
    """Give the command that repeats this training, without what is one machine's own."""
    words = ["nast-fx", "train", options.task, "-o", "FOLDER"]
    if options.data is not None:
        words += ["--data", options.data.name]
    if options.soundfont is not None:
        words += ["--soundfont", options.soundfont.name]
    names = option_names(TrainOptions)
    for field, value in settings.model_dump(exclude_unset=True).items():
        words += [names[field], f"'{value}'" if " " in str(value) else f"{value}"]
    return " ".join(words)


def _report(reporter: Reporter, trained: Trained, published: Published) -> None:
    fields = {
        "weights": published.weights_path.resolve(),
        "card": published.card_path.resolve(),
        "history": published.history_path.resolve(),
        "accuracy": trained.accuracy,
        "class_accuracy": trained.class_accuracy,
        "n_training": trained.n_training,
        "n_held_out": trained.n_held_out,
        "n_classes": len(trained.classes),
        "epochs": trained.history,
        "hash": published.trained.hash,
    }
    summary = (
        f"{100 * trained.accuracy:.1f} % of {trained.n_held_out} held-out clips right, "
        f"{len(trained.classes)} classes; hash {published.trained.hash[:16]}"
    )
    reporter.result(fields, line=str(published.weights_path.resolve()), summary=summary)
