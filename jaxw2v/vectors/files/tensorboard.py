"""The files that TensorBoard's embedding projector shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.vectors.files.first_process import by_first_process

CONFIG = """embeddings {
  tensor_name: "word vectors"
  tensor_path: "vectors.tsv"
  metadata_path: "metadata.tsv"
}
"""

FILES = ("vectors.tsv", "metadata.tsv", "projector_config.pbtxt")
"""What :func:`write_tensorboard` writes."""


def write_tensorboard(
    folder: Path, words: Sequence[str], counts: np.ndarray, vectors: Vectors
) -> None:
    """Writes ``vectors.tsv``, ``metadata.tsv`` and ``projector_config.pbtxt``.

    Args:
      folder: give it to ``tensorboard --logdir``.
      words: V words.
      counts: int64 [V].
      vectors: float32 [V, D].
    """
    with by_first_process(folder / FILES[0]) as path, open(path, "wb") as file:
        for piece in pieces(vectors, len(words)):
            frame = pl.DataFrame(piece, schema=[str(i) for i in range(piece.shape[1])])
            frame.write_csv(file, include_header=False, separator="\t")
    with by_first_process(folder / FILES[1]) as path:
        table = pl.DataFrame({"word": words, "count": counts})
        table.write_csv(path, separator="\t", quote_style="never")
    with by_first_process(folder / FILES[2]) as path:
        path.write_text(CONFIG)
