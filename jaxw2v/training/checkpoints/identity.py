"""What makes a run this run and no other: for resuming, and for processes that must agree."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import jaxlib

import jaxw2v
from jaxw2v.config import Config
from jaxw2v.corpus import TokenStream
from jaxw2v.devices.processes import check_same
from jaxw2v.errors import InputError
from jaxw2v.setting_rules import Role, settings_with
from jaxw2v.training.checkpoints.record import Record
from jaxw2v.training.objectives import Objective, make_objective
from jaxw2v.training.objectives.huffman_softmax import TREE, TREE_BEFORE, HuffmanSoftmax
from jaxw2v.training.objectives.own_objective import describe

DIGESTS = ("text", "vocabulary", "phrases", "validation_text", "start")


@dataclasses.dataclass(frozen=True)
class RunIdentity:
    """What a run is.

    Attributes:
      settings: as given, as in ``config.json``.
      vocabulary: digest of the words and their counts.
      text: digest of the corpus, encoded.
      phrases: digest of the phrases that were joined in it.
      validation_text: digest of the held-out text; ``None`` if none was given.
      optimizer: whether it is the default or one of the user's own.
      start: facts of what the tables start from; empty if they are randomly initialised.
      own_objective: whether the objective is one of the user's own.
      layers: the classes of the user's own objective, and a digest; empty without one.
      huffman_tree: how the tree of hierarchical softmax is built; empty with other output layers.
    """

    settings: Record
    vocabulary: str
    text: str
    phrases: str
    validation_text: str | None
    optimizer: str
    start: dict[str, Any]
    own_objective: bool
    layers: str
    huffman_tree: str

    @classmethod
    def of(
        cls,
        config: Config,
        stream: TokenStream,
        validation: TokenStream | None = None,
        optimizer: object | None = None,
        start: dict[str, Any] | None = None,
        objective: Objective | None = None,
    ) -> RunIdentity:
        """Collects it.

        Args:
          config: the settings, as given.
          stream: the corpus.
          validation: held-out text, if a text was given.
          optimizer: an optimizer of the user's own; only whether there is one counts.
          start: facts of what the tables start from, if they are not randomly initialised.
          objective: an objective of the user's own, known by its classes and what they hold.

        Returns:
          The identity.
        """
        layer = (objective or make_objective(config)).output_layer
        return cls(
            settings=json.loads(config.to_json()),
            vocabulary=stream.vocabulary.digest,
            text=stream.digest,
            phrases=stream.phrases.digest,
            validation_text=None if validation is None else validation.digest,
            optimizer="the default" if optimizer is None else "one of the user's own",
            start=start or {},
            own_objective=objective is not None,
            layers=describe(objective),
            huffman_tree=TREE if isinstance(layer, HuffmanSoftmax) else "",
        )

    def to_json(self) -> Record:
        """The identity as checkpoints hold it: the settings and the rest side by side."""
        rest = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return rest.pop("settings") | rest

    def check_processes(self, mesh: str | None) -> None:
        """Makes sure that all processes do the same work; does nothing for one alone.

        Args:
          mesh: as asked for.

        Raises:
          InputError: on every process, naming what differs and where.
        """
        if jax.process_count() == 1:
            return
        parts = self.to_json()
        settings = {name: parts.pop(name) for name in self.settings}
        named = {
            "settings": (settings, mesh),
            "optimizer (some have one of their own)": parts.pop("optimizer"),
            "vectors or run it starts from": parts.pop("start"),
            **{name.replace("_", " "): digest for name, digest in parts.items()},
            "version of JAX or jaxlib": (jax.__version__, jaxlib.__version__),
        }
        check_same({"code": _code()} | {name: repr(part).encode() for name, part in named.items()})

    def check_resumable(self, folder: Path, saved: Record) -> None:
        """Makes sure that a saved run is this one.

        Args:
          folder: the folder of the saved run, for the message.
          saved: what :meth:`to_json` returned for it; what is missing there is not compared.

        Raises:
          InputError: naming what differs.
        """
        here, differing = self.to_json(), []
        saved = {"huffman_tree": self.huffman_tree and TREE_BEFORE} | saved
        free = settings_with(Role.FREE, Config)
        same_words = saved.get("text") == self.text
        for name in sorted(saved.keys() & here.keys()):
            if name in free or saved[name] == here[name] or (name == "tokenizer" and same_words):
                continue
            if name in DIGESTS:
                differing.append(f"the {name.replace('_', ' ')} differs")
            else:
                differing.append(f"{name} is {saved[name]!r} there and {here[name]!r} here")
        if differing:
            raise InputError(
                f"{folder}: holds another run: {'; '.join(differing)}; resume it with what it was "
                "started with, or choose another --out, or give --overwrite"
            )


def _code() -> bytes:
    """A digest of every file of the package."""
    files = sorted(Path(jaxw2v.__file__).parent.rglob("*.py"))
    return b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)
