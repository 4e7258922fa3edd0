"""The folder of a run while it is written: one process checks and holds it, all hear of errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.devices.processes import is_first, raise_everywhere
from jaxw2v.errors import InputError
from jaxw2v.ownership import held
from jaxw2v.run_folder import KIND, NAMES, check_run_folder


@contextlib.contextmanager
def writing_to(folder: Path | None, overwrite: bool, resume: bool) -> Iterator[None]:
    """Holds the folder of a run, in which nothing of somebody else's is in the way.

    Args:
      folder: the folder of the run; ``None`` holds nothing.
      overwrite: a run that it holds may be replaced.
      resume: a run that it holds is gone on with.

    Yields:
      While the folder is held.

    Raises:
      InputError: the folder holds something else, or another process holds it.
      OSError: it cannot be written, or another process of the run met an error here.
    """
    if folder is None:
        yield
        return
    error = None
    with contextlib.ExitStack() as stack:
        try:
            if is_first():
                check_run_folder(folder, overwrite, resume)
                stack.enter_context(held(folder, KIND, NAMES))
                # Another run may have ended there meanwhile.
                check_run_folder(folder, overwrite, resume)
        except (InputError, OSError) as raised:
            error = raised
        raise_everywhere(error)
        yield
