"""Files that the first of many processes writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.devices.processes import is_first


@contextlib.contextmanager
def by_first_process(path: Path) -> Iterator[Path]:
    """A temporary name on the first process, and nowhere on the others, which compute along.

    Args:
      path: the file that is to be; its folder is made if missing.

    Yields:
      Where to write.
    """
    if not is_first():
        yield Path(os.devnull)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with renamed_when_complete(path) as temporary:
        yield temporary
