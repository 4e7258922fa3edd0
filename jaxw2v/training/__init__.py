"""The step, chunks of steps, the loop around them, and the main job.

:func:`train` and :func:`fit` do all of it. For a loop of one's own, :func:`make_job` decides,
:func:`initial_state` makes the tables, and :func:`make_train_chunk` gives the function that one
device runs on its share, under ``jit``, ``pmap`` or ``shard_map``; :func:`storage_row` says where
a word's row lies. :func:`forecast` tells memory and traffic beforehand.
"""

from jaxw2v.devices.processes import is_first
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.callbacks import Callback, Progress
from jaxw2v.training.checkpoints.vectors import load_vectors
from jaxw2v.training.fit import fit
from jaxw2v.training.setup.forecast import forecast, zipf_weights
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.optimizer import default_optimizer
from jaxw2v.training.setup.schedule import linear_decay, scale_by_progress
from jaxw2v.training.step.batch import Chunk
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.state import initial_state
from jaxw2v.training.train import train

__all__ = [
    "Callback",
    "Chunk",
    "Progress",
    "Shards",
    "default_optimizer",
    "fit",
    "forecast",
    "initial_state",
    "is_first",
    "linear_decay",
    "load_vectors",
    "make_job",
    "make_train_chunk",
    "num_rows",
    "scale_by_progress",
    "storage_row",
    "train",
    "zipf_weights",
]
