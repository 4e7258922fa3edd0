"""What a run wrote down of its epochs."""

from __future__ import annotations

import json
from pathlib import Path

from jaxw2v.errors import InputError
from jaxw2v.run_folder import METRICS


def read_epochs(folder: Path) -> list[dict]:
    """Reads the records of a run.

    Args:
      folder: its folder.

    Returns:
      A record for each epoch.

    Raises:
      InputError: there is none, or one of them is damaged.
    """
    path = folder / METRICS
    try:
        records = [json.loads(line) for line in path.read_text().splitlines()]
        if records and all(isinstance(record["epoch"], int) for record in records):
            return records
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}; give folders that jaxw2v train wrote"
        ) from None
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(f"{path}: holds no record of an epoch, or a damaged one; restore it")
