"""Finds or makes the token stream of a corpus: in a cache keyed by content, or where one asks."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import pooch

from jaxw2v.atomic import follow_umask, named_where_full
from jaxw2v.config import DEFAULTS, TextSettings
from jaxw2v.corpus import stream_folder, text
from jaxw2v.corpus.encode import encode
from jaxw2v.corpus.kinds import ending
from jaxw2v.corpus.known import Known
from jaxw2v.corpus.paths import expand_paths, is_remote
from jaxw2v.corpus.sentences import read_iterable, refuse_columns
from jaxw2v.corpus.spool import spooled
from jaxw2v.corpus.token_stream import FORMAT, META, TokenStream
from jaxw2v.errors import NO_ROOM, InputError
from jaxw2v.ownership import held
from jaxw2v.progress import progress_bar
from jaxw2v.run_folder import refuse_part_of_run

# A new number where files are read as another text than before: old streams are not theirs.
READING = 2
State = tuple[int, ...]


@dataclasses.dataclass(frozen=True, init=False)
class Files:
    """A corpus given as files.

    Attributes:
      paths: paths, globs, addresses (``s3://``, ``hf://``) of tables, or ``-`` for standard
        input; ``~`` is the home folder.

    Example:
      >>> Files(("a.txt", "more/*.txt.gz")).paths
      ('a.txt', 'more/*.txt.gz')
    """

    paths: tuple[str, ...]

    def __init__(self, paths: str | os.PathLike | Iterable[str | os.PathLike]):
        """Names them.

        Args:
          paths: one of them, or several.
        """
        if isinstance(paths, str | os.PathLike):
            paths = (paths,)
        expanded = tuple(os.path.expanduser(os.fspath(path)) for path in paths)
        object.__setattr__(self, "paths", expanded)


def cache_folder() -> Path:
    """The cache: ``$JAXW2V_CACHE``, or the system's folder for caches."""
    return Path(os.environ.get("JAXW2V_CACHE") or pooch.os_cache("jaxw2v"))


def _reads_pipes(function: Callable) -> Callable:
    """Wraps a function of a corpus: pipes in the corpus are copied to files, and it gets those."""

    @functools.wraps(function)
    def with_files(corpus, *args, **kwargs):
        source = _files_or_sentences(corpus)
        if not isinstance(source, Files):
            return function(source, *args, **kwargs)
        with spooled(source.paths, cache_folder()) as paths:
            return function(Files(paths), *args, **kwargs)

    return with_files


@_reads_pipes
def open_corpus(
    corpus: Files | str | os.PathLike | Iterable,
    config: TextSettings,
    known: Known | None = None,
    show_progress: bool = True,
) -> TokenStream:
    """Opens a corpus as a token stream, encoding it unless the cache holds it.

    Args:
      corpus: :class:`Files`; one path or glob; a folder that :func:`encode_corpus` made; a list
        of ``pathlib.Path``; or a re-iterable of strings or of lists of words.
      config: how text is encoded; of a folder, what is not the default must be as it was encoded.
      known: words and phrases of another text; ``None`` finds those of this one.
      show_progress: draw a progress line on standard error.

    Returns:
      The stream.

    Raises:
      InputError: the corpus cannot be read, or nothing of it is left.
    """
    source = _files_or_sentences(corpus)
    if (
        isinstance(source, Files)
        and len(source.paths) == 1
        and stream_folder.key_of(Path(source.paths[0])) is not None
    ):
        return _open_encoded(Path(source.paths[0]), config, known)
    streams = cache_folder() / "streams"
    if not isinstance(source, Files):
        # Nothing to key a cache by: encoded anew, and the files vanish with the stream.
        with _scratch(streams) as folder:
            return encode(read_iterable(source), folder, config, known)
    paths = expand_paths(source.paths)
    _refuse_empty(paths)
    states = list(map(_state, paths))
    folder = streams / _key(paths, config, known)
    if folder.is_dir():
        return TokenStream.load(folder)
    with _scratch(streams) as scratch:
        _encode(paths, states, scratch, config, known, show_progress)
        try:
            scratch.rename(folder)
        except OSError:
            # Another process may have made the same stream meanwhile.
            if not folder.is_dir():
                raise
    return TokenStream.load(folder)


@contextlib.contextmanager
def _scratch(streams: Path) -> Iterator[Path]:
    """A new folder in the cache, which others may read as far as the umask lets them; then gone."""
    folder = None
    try:
        streams.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=streams, suffix=".tmp"))
        follow_umask(folder, 0o777)
        yield folder
    except OSError as error:
        if folder is not None and error.errno not in NO_ROOM:
            raise
        raise InputError(
            f"{streams}: the cache cannot be written: {error.strerror}; $JAXW2V_CACHE names "
            "another folder"
        ) from None
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@_reads_pipes
def encode_corpus(
    corpus: Files | str | os.PathLike,
    out: str | os.PathLike,
    settings: TextSettings | None = None,
    overwrite: bool = False,
    show_progress: bool = True,
) -> TokenStream:
    """Encodes files once, for many runs; takes up work that was interrupted.

    Args:
      corpus: :class:`Files`, or one path or glob.
      out: a folder for the token stream; give it to :func:`jaxw2v.train` as the corpus.
      settings: how text is encoded; ``None`` takes the defaults.
      overwrite: replace a token stream of other text or settings that ``out`` holds.
      show_progress: draw progress on standard error.

    Returns:
      The stream.

    Raises:
      InputError: the corpus cannot be read, nothing of it is left, or ``out`` holds something
        else.

    Example:
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     _ = Path(folder, "a.txt").write_text("one two one")
      ...     made = encode_corpus(f"{folder}/a.txt", f"{folder}/s", TextSettings(min_count=1))
      >>> len(made), made.vocabulary.words
      (3, ('one', 'two'))
    """
    settings, out = settings or TextSettings(), Path(out).expanduser()
    source = _files_or_sentences(corpus)
    if not isinstance(source, Files):
        raise InputError("encode_corpus takes files; train takes sentences as they are")
    paths = expand_paths(source.paths)
    _refuse_empty(paths)
    states = list(map(_state, paths))
    key = _key(paths, settings, None)
    if os.path.lexists(out) and not out.is_dir():
        raise InputError(f"{out}: is a file; --out needs a folder")
    refuse_part_of_run(out)
    stream_folder.check(out, key, overwrite)
    with held(out, stream_folder.KIND, stream_folder.NAMES):
        # Another process may have ended there meanwhile.
        if stream_folder.check(out, key, overwrite):
            stream_folder.remove_leftovers(out)
            return TokenStream.load(out)
        stream_folder.begin(out, key)
        try:
            with named_where_full(out):
                return _encode(paths, states, out, settings, None, show_progress)
        except InputError:
            # Another text or other settings are another stream.
            stream_folder.give_up(out)
            raise


def _open_encoded(folder: Path, config: TextSettings, known: Known | None) -> TokenStream:
    if not (folder / META).exists():
        raise InputError(f"{folder}: the token stream is not complete; run jaxw2v encode again")
    stream = TokenStream.load(folder)
    for name, there in stream.settings.items():
        here = getattr(config, name)
        if here not in (there, DEFAULTS[name]):
            raise InputError(
                f"{folder}: was encoded with {name} {there!r} and {name} is {here!r}; leave it "
                "out, or encode the text again"
            )
    if known is not None and known.vocabulary.words != stream.vocabulary.words:
        raise InputError(f"{folder}: was encoded with another vocabulary; give its text instead")
    return stream


def _encode(
    paths: list[str],
    states: list[State],
    folder: Path,
    settings: TextSettings,
    known: Known | None,
    show_progress: bool,
) -> TokenStream:
    """Encodes files that are as they were when their content was made a key."""

    def batches() -> Generator[text.Batch, None, None]:
        with progress_bar(
            total=sum(os.path.getsize(p) for p in paths if not is_remote(p)),
            unit="B",
            unit_scale=True,
            desc="reading corpus",
            show=show_progress,
        ) as bar:
            yield from text.read_paths(paths, settings, bar.update)
        for path, before in zip(paths, states, strict=True):
            if _state(path) != before:
                raise InputError(
                    f"{path}: changed while it was read; run this again when nobody writes to it"
                )

    # An error takes the progress line away before it is told.
    with contextlib.closing(batches()) as found:
        return encode(found, folder, settings, known, show_progress)


def _files_or_sentences(corpus: Files | str | os.PathLike | Iterable) -> Files | Iterable:
    if isinstance(corpus, Files):
        return corpus
    if isinstance(corpus, str | os.PathLike):
        return Files(corpus)
    if isinstance(corpus, list | tuple) and corpus:
        if all(isinstance(item, os.PathLike) for item in corpus):
            return Files(tuple(corpus))
        if len(corpus) <= 100 and all(isinstance(i, str) and os.path.isfile(i) for i in corpus):
            raise InputError(
                "a list of strings is a corpus of sentences, but these are names of files; "
                "give jaxw2v.Files(paths)"
            )
    refuse_columns(corpus)
    if not isinstance(corpus, Iterable):
        raise InputError(f"a corpus is files or an iterable of sentences, not {type(corpus)}")
    return corpus


def _refuse_empty(paths: list[str]) -> None:
    for path in paths:
        if not is_remote(path) and os.path.getsize(path) == 0:
            raise InputError(f"{path}: is empty")


def _state(path: str) -> State:
    """What changes when somebody writes to a file; nothing is known of an address."""
    if is_remote(path):
        return ()
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _key(paths: list[str], settings: TextSettings, known: Known | None) -> str:
    fields = {f.name: getattr(settings, f.name) for f in dataclasses.fields(TextSettings)}
    fields |= {
        "format": FORMAT,
        "reading": READING,
        "known": None if known is None else known.digest,
    }
    key = hashlib.sha256(json.dumps(fields).encode())
    for path in paths:
        # The ending decides how a file is read whose content does not.
        key.update(ending(path).encode() + b"\0")
        if is_remote(path):
            key.update(path.encode())
        else:
            with open(path, "rb") as file:
                key.update(hashlib.file_digest(file, "sha256").digest())
    return key.hexdigest()[:32]
