"""The vectors of a run, straight from its checkpoints too."""

from __future__ import annotations

import os
from pathlib import Path

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.processes import check_devices
from jaxw2v.errors import InputError
from jaxw2v.ownership import marked_as
from jaxw2v.run_folder import CHECKPOINTS, has_checkpoints_only, steps_in
from jaxw2v.subwords import share_rows
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.checkpoints.reader import (
    Damaged,
    none_usable,
    read_in_word_order,
    read_record,
    read_vocabulary,
    sound_records,
    warn_damaged,
)
from jaxw2v.training.checkpoints.stored_state import NGRAMS
from jaxw2v.training.objectives import make_objective
from jaxw2v.vectors import SubwordVectors, WordVectors
from jaxw2v.vectors.files import Errors, check_options


def load_vectors(
    folder: str | os.PathLike,
    checkpoint: str | int | None = None,
    limit: int | None = None,
    errors: Errors = "strict",
) -> WordVectors:
    """Loads the vectors of a run, one that is still going too, or of another program.

    Args:
      folder: a folder of ``jaxw2v train``; or whatever :meth:`jaxw2v.WordVectors.load` takes.
      checkpoint: ``"last"``, ``"best"`` by validation loss, or a step; ``None`` takes the vectors
        that the run has written, and the last checkpoint where it has written none yet.
      limit: only so many first words; ``None`` reads all.
      errors: see :meth:`jaxw2v.WordVectors.load`.

    Returns:
      The vectors.

    Raises:
      InputError: there are none, they are damaged, or a newer version wrote the folder.

    Example:
      >>> load_vectors("none")
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: none: no such file or folder
    """
    check_options(limit, errors)
    check_devices()
    folder = Path(folder).expanduser()
    marked_as(folder)
    checkpoints = folder / CHECKPOINTS
    if checkpoint is None and not has_checkpoints_only(folder):
        return WordVectors.load(folder, limit, errors)
    if folder.is_file():
        raise InputError(
            f"{folder}: is a file, which has no checkpoints; name the folder of a run, or leave "
            "--checkpoint out"
        )
    # A run that goes on may delete what was just listed.
    for _ in range(3):
        steps = _chosen(checkpoints, checkpoint)
        for step in steps:
            try:
                return _read_vectors(checkpoints, step, limit)
            except Damaged as error:
                if (checkpoints / str(step)).exists():
                    warn_damaged(checkpoints / str(step), error)
        if steps == _chosen(checkpoints, checkpoint):
            break
    if not steps:
        raise InputError(f"{checkpoints}: there is no checkpoint yet; wait for the first one")
    raise none_usable(checkpoints)


def _chosen(checkpoints: Path, wanted: str | int | None) -> list[int]:
    """The steps to try, in their order."""
    steps = steps_in(checkpoints)
    if wanted in (None, "last"):
        return steps
    if wanted == "best":
        _, record = next(sound_records(checkpoints, steps), (None, None))
        best = record and Cursor.from_json(record["position"]).best
        if not best:
            raise InputError(
                f"{checkpoints}: no validation loss was measured, so no checkpoint is the best; "
                "give --checkpoint last"
            )
        wanted = best["steps"]
        if wanted not in steps:
            raise InputError(f"{checkpoints}: the best one, of step {wanted}, is not there")
    if not str(wanted).isdecimal() or int(wanted) not in steps:
        there = ", ".join(map(str, reversed(steps))) or "none"
        raise InputError(
            f"checkpoint is {wanted!r}; it must be last, best, or a step that is kept: {there}"
        )
    return [int(wanted)]


def _read_vectors(checkpoints: Path, step: int, limit: int | None) -> WordVectors:
    record = read_record(checkpoints / str(step))
    config = Config(**{k: v for k, v in record["facts"].items() if k in DEFAULTS})
    vocabulary = read_vocabulary(checkpoints, step, record)
    sizes, shared, subwords = {"input_embedding": len(vocabulary)}, None, None
    if record.get("rows_are_words", make_objective(config).output_layer.rows_are_words):
        sizes["output_embedding"] = len(vocabulary)
    if config.ngrams is not None:
        shared = share_rows(vocabulary.words, config.ngrams)
        sizes[NGRAMS] = shared.num_shared
    missing = [name for name in sizes if name not in record["arrays"]]
    if missing:
        raise InputError(
            f"{checkpoints / str(step)}: has no {missing[0]}, so another version of jaxw2v wrote "
            "it; use that one"
        )
    # Words that are made of n-grams are made together.
    rows = limit if shared is None else None
    tables = read_in_word_order(checkpoints / str(step), sizes, record, rows)
    inputs, outputs = tables["input_embedding"], tables.get("output_embedding")
    if shared is not None:
        subwords = SubwordVectors.of_tables(shared, inputs, tables[NGRAMS])
        inputs = shared.vectors_of(inputs, subwords.shared)
    if outputs is not None:
        outputs = outputs[:limit]
    vocabulary = Vocabulary(vocabulary.words[:limit], vocabulary.counts[:limit])
    return WordVectors(vocabulary, inputs[:limit], outputs, subwords)
