"""A run at a glance: what its folder says of it, in a few lines."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from jaxw2v.config import DEFAULTS
from jaxw2v.epoch_records import read_epochs
from jaxw2v.run_folder import CHECKPOINTS, read_settings, steps_in

_FIGURES = ("epoch", "raw_words", "steps", "seconds")


def duration(seconds: float) -> str:
    """A time as people say it.

    Args:
      seconds: how long (s).

    Returns:
      The two largest units.

    Example:
      >>> duration(4.2), duration(75), duration(3600), duration(90_000)
      ('4.2 s', '1 min 15 s', '1 h 0 min', '1 d 1 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    if whole < 60:
        return f"{whole} s"
    first = next(i for i, (_, size) in enumerate(units) if whole >= size)
    (name, size), (small_name, small_size) = units[first : first + 2]
    return f"{whole // size} {name} {whole % size // small_size} {small_name}"


def size(count: float, unit: str = "") -> str:
    """A large number in three digits.

    Args:
      count: the number.
      unit: of what.

    Returns:
      The number with k, M or G.

    Example:
      >>> size(14_614_986, "words"), size(512)
      ('14.6 M words', '512')
    """
    for factor, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        # What rounds to a thousand of the next smaller unit is one of this.
        if count >= 0.9995 * factor:
            return f"{count / factor:.3g}{letter} {unit}".rstrip()
    return f"{count:.0f} {unit}".rstrip()


def describe_training(folder: Path) -> list[str]:
    """How a run went.

    Args:
      folder: its folder.

    Returns:
      Lines; none where no epoch has ended.
    """
    records = [r for r in read_epochs(folder) if all(r.get(name) is not None for name in _FIGURES)]
    if not records:
        return []
    seconds = sum(record["seconds"] for record in records)
    words = sum(record["raw_words"] for record in records)
    lines = [
        f"{len(records)} epoch{'s' * (len(records) > 1)} of "
        f"{size(records[-1]['raw_words'], 'words')}, {records[-1]['steps']:,} steps in "
        f"{duration(seconds)}" + (f", {size(words / seconds, 'words/s')}" if seconds else "")
    ]
    for name in ("loss", "validation_loss"):
        losses = [r[name] for r in records if isinstance(r.get(name), int | float)]
        if losses:
            first = f"{losses[0]:.3f} to " if len(losses) > 1 else ""
            lines.append(f"{name.replace('_', ' ')} {first}{losses[-1]:.3f}")
    return lines


def describe_settings(folder: Path) -> list[str]:
    """The settings of a run that are not the defaults, and its checkpoints.

    Args:
      folder: its folder.

    Returns:
      Lines.

    Raises:
      InputError: the settings cannot be read.
    """
    given = [
        f"{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in _given(folder).items()
    ]
    lines = ["settings: " + (", ".join(given) or "the defaults")]
    if steps := steps_in(folder / CHECKPOINTS):
        lines.append("checkpoints: steps " + ", ".join(f"{step:,}" for step in sorted(steps)))
    return lines


def train_command(folder: Path) -> str:
    """The command that trains as a run was trained.

    Args:
      folder: the folder of the run.

    Returns:
      The command; CORPUS stands for the text, which the folder does not name.

    Raises:
      InputError: the settings cannot be read.
    """
    words = ["jaxw2v", "train", "CORPUS", "--out", "DIR"]
    for name, value in _given(folder).items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def _given(folder: Path) -> dict[str, Any]:
    """The settings of a run that are not the defaults."""
    defaults = json.loads(json.dumps(DEFAULTS))
    return {
        name: value
        for name, value in read_settings(folder).items()
        if name in defaults and value != defaults[name]
    }
