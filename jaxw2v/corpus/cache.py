"""Finds or makes the token stream of a corpus, in a cache keyed by content and settings."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pooch
from tqdm import tqdm

from jaxw2v.config import Config
from jaxw2v.corpus import text
from jaxw2v.corpus.encode import encode
from jaxw2v.corpus.token_stream import TokenStream
from jaxw2v.corpus.tokenizers import get_tokenizer
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError

FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Files:
    """A corpus given as files.

    Attributes:
      paths: paths, globs, or addresses (``s3://``, ``hf://``) of tables.

    Example:
      >>> Files(("a.txt", "more/*.txt.gz")).paths
      ('a.txt', 'more/*.txt.gz')
    """

    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        lone = isinstance(self.paths, str | os.PathLike)
        paths = (self.paths,) if lone else self.paths
        object.__setattr__(self, "paths", tuple(map(os.fspath, paths)))


def cache_folder() -> Path:
    """The cache: ``$JAXW2V_CACHE``, or the system's folder for caches."""
    return Path(os.environ.get("JAXW2V_CACHE") or pooch.os_cache("jaxw2v"))


def open_corpus(
    corpus: Files | str | os.PathLike | Iterable,
    config: Config,
    vocabulary: Vocabulary | None = None,
    show_progress: bool = True,
) -> TokenStream:
    """Opens a corpus as a token stream, encoding it unless the cache holds it.

    Args:
      corpus: :class:`Files`; one path or glob; a list of ``pathlib.Path``; or a re-iterable of
        strings or of lists of words.
      config: the tokenizer, ``min_count``, ``max_vocabulary``, ``text_column``, ``errors``.
      vocabulary: encode with these words instead of counting new ones.
      show_progress: draw a progress line on standard error.

    Returns:
      The stream.

    Raises:
      InputError: the corpus cannot be read, or nothing of it is left.
    """
    streams = cache_folder() / "streams"
    streams.mkdir(parents=True, exist_ok=True)
    files = _as_files(corpus)
    if files is None:
        # Nothing to key a cache by: encoded anew, and the files vanish with the stream.
        folder = Path(tempfile.mkdtemp(dir=streams, suffix=".tmp"))
        with _removed_afterwards(folder):
            return _encode(text.read_iterable(corpus), folder, config, vocabulary)
    paths = text.expand_paths(files.paths)
    _refuse_empty(paths)
    folder = streams / _key(paths, config, vocabulary)
    if folder.is_dir():
        return TokenStream.load(folder)
    scratch = Path(tempfile.mkdtemp(dir=streams, suffix=".tmp"))
    with _removed_afterwards(scratch):
        size = sum(os.path.getsize(p) for p in paths if not text.is_remote(p))
        with tqdm(
            total=size,
            unit="B",
            unit_scale=True,
            desc="reading corpus",
            disable=not show_progress,
        ) as bar:
            _encode(text.read_paths(paths, config, bar.update), scratch, config, vocabulary)
        try:
            scratch.rename(folder)
        except OSError:
            # Another process may have made the same stream meanwhile.
            if not folder.is_dir():
                raise
    return TokenStream.load(folder)


def _as_files(corpus: Files | str | os.PathLike | Iterable) -> Files | None:
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
    if not isinstance(corpus, Iterable):
        raise InputError(f"a corpus is files or an iterable of sentences, not {type(corpus)}")
    return None


def _refuse_empty(paths: list[str]) -> None:
    for path in paths:
        if not text.is_remote(path) and os.path.getsize(path) == 0:
            raise InputError(f"{path}: is empty")


@contextlib.contextmanager
def _removed_afterwards(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _encode(
    batches: Iterator[text.Batch], folder: Path, config: Config, vocabulary: Vocabulary | None
) -> TokenStream:
    return encode(
        batches,
        folder,
        get_tokenizer(config.tokenizer),
        config.min_count,
        config.max_vocabulary,
        vocabulary,
    )


def _key(paths: list[str], config: Config, vocabulary: Vocabulary | None) -> str:
    settings = {
        "format": FORMAT_VERSION,
        "tokenizer": config.tokenizer,
        "min_count": config.min_count,
        "max_vocabulary": config.max_vocabulary,
        "text_column": config.text_column,
        "errors": config.errors,
        "words": None if vocabulary is None else vocabulary.words,
    }
    key = hashlib.sha256(json.dumps(settings).encode())
    for path in paths:
        # The ending decides how a file is read.
        key.update(Path(path).suffix.encode() + b"\0")
        if text.is_remote(path):
            key.update(path.encode())
        else:
            with open(path, "rb") as file:
                key.update(hashlib.file_digest(file, "sha256").digest())
    return key.hexdigest()[:32]
