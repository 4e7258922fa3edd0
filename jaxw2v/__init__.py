"""word2vec in JAX: text in, word vectors out, and pure functions to build on.

The pipeline, in the order in which data flows:

- :mod:`jaxw2v.corpus`: text, vocabulary, token stream on disk (no JAX).
- :mod:`jaxw2v.sampling`: subsampling, windows, negatives; pure.
- :mod:`jaxw2v.losses`: negative sampling, exact and hierarchical softmax, by pairs and by blocks;
  the bag of cbow; pure.
- :mod:`jaxw2v.models`: the two embedding tables as a Flax NNX module.
- :mod:`jaxw2v.devices`: meshes, which rows lie on which device, processes.
- :mod:`jaxw2v.training`: what is minimised and decided, the step, checkpoints, the loop.
- :mod:`jaxw2v.vectors`: word vectors, neighbors, files, scores.

``train(corpus, config)`` runs all of it. Names are imported when first used, so that importing
this package starts nothing.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxw2v.config import Checkpointing as Checkpointing
    from jaxw2v.config import Config as Config
    from jaxw2v.config import TextSettings as TextSettings
    from jaxw2v.corpus import Files as Files
    from jaxw2v.corpus import encode_corpus as encode_corpus
    from jaxw2v.errors import InputError as InputError
    from jaxw2v.errors import TrainingDiverged as TrainingDiverged
    from jaxw2v.training import Callback as Callback
    from jaxw2v.training import load_vectors as load_vectors
    from jaxw2v.training.train import train as train
    from jaxw2v.vectors import WordVectors as WordVectors
    from jaxw2v.vectors import load as load

_HOME = {
    "Callback": "jaxw2v.training",
    "Checkpointing": "jaxw2v.config",
    "Config": "jaxw2v.config",
    "Files": "jaxw2v.corpus",
    "InputError": "jaxw2v.errors",
    "TextSettings": "jaxw2v.config",
    "TrainingDiverged": "jaxw2v.errors",
    "WordVectors": "jaxw2v.vectors",
    "encode_corpus": "jaxw2v.corpus",
    "load": "jaxw2v.vectors",
    "load_vectors": "jaxw2v.training",
    "train": "jaxw2v.training",
}
_PARTS = ("corpus", "devices", "losses", "models", "plots", "sampling", "training", "vectors")
__all__ = [
    "Callback",
    "Checkpointing",
    "Config",
    "Files",
    "InputError",
    "TextSettings",
    "TrainingDiverged",
    "WordVectors",
    "encode_corpus",
    "load",
    "load_vectors",
    "train",
]


def __getattr__(name: str):
    if name == "__version__":
        return importlib.metadata.version("jaxw2v")
    if name in _PARTS:
        return importlib.import_module(f"jaxw2v.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'jaxw2v' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_PARTS, "__version__"])
