"""The settings of a run as groups of options, each with the text under its field."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import docstring_parser
import tyro
from typing_extensions import Doc

from jaxw2v.config import Checkpointing, Config, TextSettings

GROUPS: dict[str, tuple[str, ...]] = {
    "main": (
        "embedding_dim",
        "epochs",
        "min_count",
        "window",
        "objective",
        "num_negatives",
        "subwords",
        "phrase_passes",
        "probe_words",
        "seed",
    ),
    "text": (
        "tokenizer",
        "text_column",
        "table_quotes",
        "errors",
        "max_vocabulary",
        "max_counted",
    ),
    "phrase": ("phrase_scoring", "phrase_threshold", "phrase_min_count"),
    "objective": (
        "output_layer",
        "cbow_combine",
        "context_side",
        "window_sampling",
        "require_full_window",
        "min_ngram",
        "max_ngram",
        "ngram_buckets",
    ),
    "sampling": (
        "subsample_threshold",
        "subsample_formula",
        "subsample_percentile",
        "negatives",
        "negatives_per_block",
        "noise_exponent",
        "noise_table_size",
        "block_length",
        "block_overlap",
    ),
    "optimization": (
        "learning_rate",
        "min_learning_rate",
        "tokens_per_step",
        "row_updates",
        "max_norm",
        "precision",
        "deterministic",
        "freeze_loaded",
        "validation_share",
        "patience",
    ),
}
"""By the title of the group in ``--help``: the names of its settings."""
OF_TEXT = ("main", "text", "phrase")
"""The groups in which settings of a token stream are."""


def described(command: type) -> type:
    """Gives tyro the text under each field in one piece; it breaks it where source lines end.

    Args:
      command: a dataclass.

    Returns:
      The same, with the texts beside the types of its fields.
    """
    hints, texts = typing.get_type_hints(command, include_extras=True), _texts(command)
    command.__annotations__ |= {
        name: Annotated[hints[name], Doc(texts[name])]
        for name in command.__annotations__
        if name in texts
    }
    return command


def _texts(of: type) -> dict[str, str]:
    """The text under each field."""
    bases = reversed(of.__mro__[:-1])
    return {name: text for base in bases for name, text in _own_texts(base).items()}


@functools.cache
def _own_texts(of: type) -> dict[str, str]:
    """Those of the fields that the class adds; its source is read once for all groups."""
    parts = docstring_parser.parse_from_object(of).params
    return {part.arg_name: " ".join((part.description or "").split()) for part in parts}


def _group(title: str, settings: type, names: Sequence[str] | None = None) -> type:
    """Those settings of a group that a class has, not checked against one another."""
    hints, texts = typing.get_type_hints(settings, include_extras=True), _texts(settings)
    defaults = {field.name: field.default for field in dataclasses.fields(settings)}
    fields = [
        (name, Annotated[hints[name], Doc(texts[name])], dataclasses.field(default=defaults[name]))
        for name in names or GROUPS[title]
        if name in defaults
    ]
    return dataclasses.make_dataclass(title.capitalize(), fields, frozen=True)


def _values(command: Any, titles: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: value for title in titles for name, value in vars(getattr(command, title)).items()
    }


if TYPE_CHECKING:
    Main = Any
    Text = Any
    Phrase = Any
    Objective = Any
    Sampling = Any
    Optimization = Any
    MainOfText = Any
    TextOfText = Any
    PhraseOfText = Any
    Saving = Any
else:
    Main, Text, Phrase, Objective, Sampling, Optimization = (_group(t, Config) for t in GROUPS)
    MainOfText, TextOfText, PhraseOfText = (_group(t, TextSettings) for t in OF_TEXT)
    Saving = _group("saving", Checkpointing, [f.name for f in dataclasses.fields(Checkpointing)])


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The settings of a run."""

    main: tyro.conf.OmitArgPrefixes[Main] = dataclasses.field(default_factory=Main)
    text: tyro.conf.OmitArgPrefixes[Text] = dataclasses.field(default_factory=Text)
    phrase: tyro.conf.OmitArgPrefixes[Phrase] = dataclasses.field(default_factory=Phrase)
    objective: tyro.conf.OmitArgPrefixes[Objective] = dataclasses.field(default_factory=Objective)
    sampling: tyro.conf.OmitArgPrefixes[Sampling] = dataclasses.field(default_factory=Sampling)
    optimization: tyro.conf.OmitArgPrefixes[Optimization] = dataclasses.field(
        default_factory=Optimization
    )

    @property
    def config(self) -> Config:
        """The settings, checked."""
        return Config(**_values(self, tuple(GROUPS)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """The settings of a token stream."""

    main: tyro.conf.OmitArgPrefixes[MainOfText] = dataclasses.field(default_factory=MainOfText)
    text: tyro.conf.OmitArgPrefixes[TextOfText] = dataclasses.field(default_factory=TextOfText)
    phrase: tyro.conf.OmitArgPrefixes[PhraseOfText] = dataclasses.field(
        default_factory=PhraseOfText
    )

    @property
    def settings(self) -> TextSettings:
        """The settings, checked."""
        return TextSettings(**_values(self, OF_TEXT))
