"""The command line, made from dataclasses. JAX is imported only when a command runs."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Annotated

import tyro

import jaxw2v
from jaxw2v.cli.datasets import Datasets
from jaxw2v.cli.encode import Encode
from jaxw2v.cli.info import Info
from jaxw2v.cli.plan import Plan
from jaxw2v.cli.plot import Plot
from jaxw2v.cli.results import Evaluate, Export, Neighbors
from jaxw2v.cli.train import Train
from jaxw2v.errors import NO_ROOM, InputError, Interrupted, ProcessLost, TrainingDiverged
from jaxw2v.progress import drop_what_is_left, say, tell

DESCRIPTION = "word2vec in JAX: text in, word vectors out."

Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Encode, tyro.conf.subcommand("encode")]
    | Annotated[Neighbors, tyro.conf.subcommand("neighbors")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Info, tyro.conf.subcommand("info")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Plot, tyro.conf.subcommand("plot")]
    | Annotated[Datasets, tyro.conf.subcommand("datasets")]
    | Annotated[Plan, tyro.conf.subcommand("plan")]
)
PRINTING = (Neighbors, Evaluate, Info, Datasets, Plan)
"""Commands whose result is what they print."""
INTERRUPTED = 130
"""The exit code of shells for Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
      arguments: the words after ``jaxw2v``; ``None`` takes those of the process.

    Returns:
      The exit code: 0; 1 if training diverged, another process was lost, or what was printed
      cannot be written; 2 for what the user can mend; 130 for Ctrl-C, SIGTERM and SIGHUP.
    """
    _keep_standard_streams()
    before = set(threading.enumerate())
    try:
        code = _run(arguments)
    except Exception:
        if not _joined():
            raise
        traceback.print_exc()
        code = 1
    if code and (_joined() or (code == INTERRUPTED and _has_left_threads(before))):
        # A process that fails must not wait for others, nor they for it; nor for threads that save
        # what nobody waits for any more.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, AttributeError):
                stream.flush()
        os._exit(code)
    return code


def _keep_standard_streams() -> None:
    """Lets no file take the number of a stream that is closed; escapes what cannot be shown."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _has_left_threads(before: set[threading.Thread]) -> bool:
    return not all(thread.daemon for thread in set(threading.enumerate()) - before)


def _joined() -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and jax.distributed.is_initialized()


def _run(arguments: Sequence[str] | None) -> int:
    # Before a command is known, what is printed is help.
    prints = True
    if (sys.argv[1:] if arguments is None else list(arguments)) == ["--version"]:
        say(f"jaxw2v {jaxw2v.__version__}")
        return 0
    is_closed = sys.stdout is None
    if is_closed:
        # tyro asks it whether it is a terminal.
        sys.stdout = os.fdopen(1, "w", errors="backslashreplace", closefd=False)
    try:
        _refuse_empty_out(sys.argv[1:] if arguments is None else arguments)
        command = tyro.cli(Command, args=arguments, prog="jaxw2v", description=DESCRIPTION)
        prints = isinstance(command, PRINTING)
        if prints and is_closed:
            return _fail("standard output is closed: there is nowhere to write the result", 1)
        with warnings.catch_warnings(), _interrupted_by_signals():
            warnings.showwarning = _show_warning
            command.run()
        if prints:
            sys.stdout.flush()
    except (InputError, MemoryError) as error:
        return _fail(str(error) or "out of memory", 2)
    except (TrainingDiverged, ProcessLost) as error:
        return _fail(str(error), 1)
    except Interrupted as error:
        return _fail(str(error), INTERRUPTED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except OSError as error:
        if prints and error.filename is None:
            drop_what_is_left(sys.stdout)
            return _fail(f"standard output: {error.strerror}; the result is not complete", 1)
        where = f"{error.filename}: " if error.filename else ""
        room = "write elsewhere" if error.errno == errno.EFBIG else "free some space there"
        hint = f"; {room}" if error.errno in NO_ROOM else ""
        return _fail(f"{where}{error.strerror or error}{hint}", 2)
    except RuntimeError as error:
        # What pathlib says of ~name.
        if "home directory" not in str(error):
            raise
        return _fail("a path begins with ~ and names no user; begin it with ./", 2)
    return 0


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP end a command as Ctrl-C does, so that nothing half made is left.

    A second one ends the process at once. What nohup or a shell's background ignores stays ignored.
    """

    def interrupt(number, frame) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    in_main_thread = threading.current_thread() is threading.main_thread()
    names = ("SIGTERM", "SIGHUP") if in_main_thread else ()
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    numbers = [number for number in known if signal.getsignal(number) == signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _refuse_empty_out(arguments: Sequence[str]) -> None:
    """An empty name, as of a variable that is not set, would mean the folder in which we are."""
    for option, value in itertools.pairwise([*arguments, "."]):
        if option == "--out=" or (option, value) == ("--out", ""):
            raise InputError("--out: is empty; name a file or a folder (. is the current one)")


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    text = " ".join(str(message).split())
    if text.startswith("Error reading persistent compilation cache"):
        # JAX neither names the file, which was cut short, nor writes it again.
        folder = sys.modules["jax"].config.jax_compilation_cache_dir
        text = f"{text}; remove {folder}, which is made again"
    tell(f"jaxw2v: warning: {text}")


def _fail(message: str, code: int) -> int:
    tell(f"jaxw2v: error: {' '.join(message.split())}")
    return code
