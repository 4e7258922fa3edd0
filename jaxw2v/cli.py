"""The command line, made from the config dataclass. JAX is imported only when a command runs."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from jaxw2v.config import Config
from jaxw2v.errors import InputError, Interrupted, TrainingDiverged

DESCRIPTION = "word2vec in JAX: text in, word vectors out."
BUILTIN_PROBES = ("array", "file", "thread")


@dataclasses.dataclass(frozen=True)
class Train:
    """Trains word vectors on text and writes them to a folder."""

    corpus: tyro.conf.Positional[tuple[str, ...]] = ()
    """Text files or globs, one sentence or paragraph a line, plain or .gz .bz2 .xz .zst; or
    parquet, csv, tsv, jsonl, arrow files; or one of builtin, text8, wikitext-103. Nothing:
    builtin, the documentation strings of the installed Python packages."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("vectors")
    """Folder that receives the vectors, the vocabulary, the settings and metrics.jsonl."""
    overwrite: bool = False
    """Replace vectors that the folder already holds."""
    validation: str | None = None
    """File of held-out text whose loss is measured each epoch."""
    mesh: str | None = None
    """Devices as DATAxVOCAB, such as 4x2: copies of the tables, by pieces each is cut into; None
    takes all accelerators, cutting no more than memory demands, or one CPU device."""
    compilation_cache: bool = True
    """Keep compiled programs beside the cached corpora, so that the next run starts sooner."""
    config: tyro.conf.OmitArgPrefixes[Config] = dataclasses.field(default_factory=Config)

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.corpus import Files
        from jaxw2v.training import train

        if self.compilation_cache:
            _keep_compiled_programs()
        corpus, config = self.corpus or ("builtin",), self.config
        if corpus == ("builtin",) and not os.path.exists("builtin"):
            probes = config.probe_words or BUILTIN_PROBES
            config = dataclasses.replace(config, probe_words=probes)
        corpus = corpus[0] if len(corpus) == 1 else Files(corpus)
        wv = train(
            corpus,
            config,
            out=self.out,
            overwrite=self.overwrite,
            validation=self.validation,
            mesh=self.mesh,
        )
        print(f"{self.out}: {len(wv)} vectors of {wv.vectors.shape[1]} components")


@dataclasses.dataclass(frozen=True)
class Neighbors:
    """Prints the words nearest to words, or to expressions such as "king - man + woman"."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Folder that jaxw2v train wrote."""
    words: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="WORD")]
    """Words or quoted expressions; each is a query of its own."""
    topn: int = 10
    """Neighbours printed for each query (words)."""

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.vectors import WordVectors

        if not self.words:
            raise InputError("neighbors needs at least one word or expression after the folder")
        wv = WordVectors.load(self.folder)
        fold = wv.vocabulary.fold
        queries = [parse_expression(text) for text in self.words]
        positive = [[fold(word) for word in plus] for plus, _ in queries]
        negative = [[fold(word) for word in minus] for _, minus in queries]
        for word in (w for side in (positive, negative) for words in side for w in words):
            if word not in wv:
                raise InputError(wv.vocabulary.missing(word))
        answers = wv.most_similar(positive, negative, self.topn)
        for query, near in zip(self.words, answers, strict=True):
            print(query)
            for word, cosine in near:
                print(f"  {cosine:6.3f}  {word}")


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Scores vectors on word-similarity and analogy files."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Folder that jaxw2v train wrote."""
    similarity: tuple[Path, ...] = ()
    """Files of two words and a score a line."""
    analogies: Path | None = None
    """File of four words a line, with ": section" lines, as Google's questions-words.txt."""
    restrict: int = 30_000
    """Only this many of the most frequent words ask and answer analogies (words)."""
    method: Literal["3cosadd", "3cosmul"] = "3cosadd"
    """How analogies are answered."""
    json: bool = False
    """Print JSON instead of a table."""

    def run(self) -> None:
        """Runs the command."""
        import json

        from jaxw2v.vectors import WordVectors, evaluate_analogies, evaluate_similarity

        if not self.similarity and self.analogies is None:
            raise InputError("evaluate needs --similarity FILE or --analogies FILE")
        wv = WordVectors.load(self.folder)
        similarity = [evaluate_similarity(wv, path) for path in self.similarity]
        analogies = []
        if self.analogies is not None:
            analogies = evaluate_analogies(wv, self.analogies, self.restrict, self.method)
        if self.json:
            scores = {
                "similarity": [score._asdict() for score in similarity],
                "analogies": [score._asdict() for score in analogies],
            }
            print(json.dumps(_without_nan(scores), indent=2))
            return
        for s in similarity:
            print(f"{s.name:32} Spearman {s.spearman:6.3f}  {s.pairs} pairs, {s.missing} left out")
        for a in analogies:
            print(
                f"{a.section:32} accuracy {a.accuracy:6.3f}  {a.correct} of {a.questions}, "
                f"{a.missing} left out"
            )


@dataclasses.dataclass(frozen=True)
class Export:
    """Writes vectors in another program's format."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Folder that jaxw2v train wrote."""
    format: Literal["word2vec-text", "word2vec-bin"]
    """word2vec.c's text or binary format, which gensim reads."""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")]
    """File to write."""
    vectors: Literal["input", "output", "sum"] = "input"
    """The rows of the input table, of the output table, or the sum of both."""
    overwrite: bool = False
    """Replace the file if it exists."""

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.vectors import WordVectors

        if self.out.exists() and not self.overwrite:
            raise InputError(f"{self.out}: exists; choose another --out or --overwrite")
        if not self.out.absolute().parent.is_dir():
            raise InputError(f"{self.out}: its folder does not exist")
        wv = WordVectors.load(self.folder).variant(self.vectors)
        wv.save_word2vec(self.out, binary=self.format == "word2vec-bin")
        print(f"{self.out}: {len(wv)} vectors of {wv.vectors.shape[1]} components")


def parse_expression(text: str) -> tuple[list[str], list[str]]:
    """Splits an expression into what is added and what is subtracted.

    Args:
      text: words joined by `` + `` and `` - ``, blanks around the signs.

    Returns:
      The words added, and the words subtracted.

    Raises:
      InputError: words and signs do not alternate.

    Example:
      >>> parse_expression("king - man + woman")
      (['king', 'woman'], ['man'])
    """
    sides: dict[str, list[str]] = {"+": [], "-": []}
    parts = text.split()
    if parts[:1] not in (["+"], ["-"]):
        parts.insert(0, "+")
    for sign, word in itertools.zip_longest(parts[::2], parts[1::2]):
        if sign not in sides or word is None or word in sides:
            raise InputError(f"expression {text!r}: expected words with + or - between them")
        sides[sign].append(word)
    return sides["+"], sides["-"]


def _keep_compiled_programs() -> None:
    import jax

    from jaxw2v.corpus.cache import cache_folder

    # A folder that the user gave JAX is left as it is.
    if jax.config.jax_compilation_cache_dir is None:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def _without_nan(value):
    """JSON has no NaN: a score that does not exist is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value


Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Neighbors, tyro.conf.subcommand("neighbors")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Export, tyro.conf.subcommand("export")]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
      arguments: the words after ``jaxw2v``; ``None`` takes those of the process.

    Returns:
      The exit code: 0, 1 if training diverged, 2 for what the user can mend, 130 for Ctrl-C.
    """
    try:
        command = tyro.cli(Command, args=arguments, prog="jaxw2v", description=DESCRIPTION)
        command.run()
        sys.stdout.flush()
    except (InputError, MemoryError) as error:
        return _fail(str(error) or "out of memory", 2)
    except TrainingDiverged as error:
        return _fail(str(error), 1)
    except Interrupted as error:
        return _fail(str(error), 130)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader, such as head, has seen enough; the rest must not go to a closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        hint = "; free some space or choose another --out" if error.errno == errno.ENOSPC else ""
        return _fail(f"{where}{error.strerror or error}{hint}", 2)
    return 0


def _fail(message: str, code: int) -> int:
    print(f"jaxw2v: error: {' '.join(message.split())}", file=sys.stderr)
    return code
