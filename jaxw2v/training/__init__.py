"""From a token stream to trained tables.

:func:`train` and :func:`fit` do all of it. For research code the pieces, in the order in which they
are used:

- :func:`make_job` decides what a run does, from settings and word counts;
- :func:`lay_out` lays it over devices, and :func:`lower_training` lowers the training program from
  shapes alone, for devices that need not be there;
- :func:`initial_state` makes the tables, and :func:`make_train_chunk` the function that one device
  runs on its share of a chunk, ``(state, ChunkInputs) -> (state, loss, steps)``, under ``jit``,
  ``pmap`` or ``shard_map``; :func:`chunk_keys` derives the keys of its draws;
- :func:`storage_row` is the row of a word, :func:`forecast` tells memory and traffic beforehand.

The folders, each importing only those before it: ``objectives`` (what is minimised), ``setup``
(what is decided before the start), ``step`` (what the devices run), ``ahead`` (what a step would
take on devices that are not there), ``checkpoints`` (what is saved and how a run goes on),
``starts`` (what tables start from), ``loop`` (what the host does).
"""

from jaxw2v.devices.processes import is_first
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.callbacks import Callback, EpochRecord, Progress
from jaxw2v.training.checkpoints.vectors import load_vectors
from jaxw2v.training.fit import fit
from jaxw2v.training.objectives import (
    InputLayer,
    Objective,
    OutputLayer,
    Windows,
    make_objective,
)
from jaxw2v.training.setup.forecast import forecast, zipf_weights
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.layouts import lay_out
from jaxw2v.training.setup.optimizer import default_optimizer
from jaxw2v.training.setup.schedule import linear_decay, scale_by_progress
from jaxw2v.training.step.batch import Chunk, ChunkInputs
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.program import lower_training, word_arrays
from jaxw2v.training.step.state import initial_state
from jaxw2v.training.train import train

__all__ = [
    "Callback",
    "Chunk",
    "ChunkInputs",
    "EpochRecord",
    "InputLayer",
    "Objective",
    "OutputLayer",
    "Progress",
    "Shards",
    "Windows",
    "chunk_keys",
    "default_optimizer",
    "fit",
    "forecast",
    "initial_state",
    "is_first",
    "lay_out",
    "linear_decay",
    "load_vectors",
    "lower_training",
    "make_job",
    "make_objective",
    "make_train_chunk",
    "num_rows",
    "scale_by_progress",
    "storage_row",
    "train",
    "word_arrays",
    "zipf_weights",
]
