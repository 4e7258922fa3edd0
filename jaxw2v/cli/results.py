"""``jaxw2v neighbors``, ``evaluate`` and ``export``: what one does with vectors."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from jaxw2v.cli.first_imports import first_imports
from jaxw2v.cli.glance import describe_training, train_command
from jaxw2v.cli.options import described
from jaxw2v.cli.out_path import check_out
from jaxw2v.cli.word_sets import WordSets
from jaxw2v.errors import InputError
from jaxw2v.progress import say
from jaxw2v.run_folder import SETTINGS, has_checkpoints_only, is_run, read_settings

if TYPE_CHECKING:
    from jaxw2v.vectors import WordVectors


@described
@dataclasses.dataclass(frozen=True)
class Reading:
    """How vectors are read."""

    checkpoint: Annotated[str | None, tyro.conf.arg(metavar="last|best|STEP")] = dataclasses.field(
        default=None, kw_only=True
    )
    """Take the vectors of a checkpoint: last, best by validation loss, or a step; None takes those
    that the run wrote after its last epoch or when it was stopped, and a checkpoint's if there are
    none yet."""

    limit: int | None = dataclasses.field(default=None, kw_only=True)
    """Read only so many first words of a file (words)."""
    errors: Literal["strict", "replace", "skip"] = dataclasses.field(default="strict", kw_only=True)
    """What to do with rows of a file that cannot be used: stop, put U+FFFD where a word is not
    UTF-8, or leave them out (not in word2vec's binary format)."""
    subwords: bool = dataclasses.field(default=True, kw_only=True)
    """Words that are not in the vocabulary have vectors too, where there are vectors of n-grams;
    with --no-subwords they are missing."""

    def read(self, folder: Path) -> WordVectors:
        """Reads vectors.

        Args:
          folder: the folder of a run, or a file of vectors.

        Returns:
          The vectors.
        """
        with first_imports():
            from jaxw2v.devices.processes import check_devices
            from jaxw2v.vectors import WordVectors

        folder = folder.expanduser()
        if self.checkpoint is None and not has_checkpoints_only(folder):
            check_devices()
            wv = WordVectors.load(folder, self.limit, self.errors)
        else:
            # Its import takes half a second, which vectors that are there need not wait for.
            from jaxw2v.training import load_vectors

            wv = load_vectors(folder, self.checkpoint, self.limit, self.errors)
        if not self.subwords:
            wv.subwords = None
        return wv


@described
@dataclasses.dataclass(frozen=True)
class OfVectors(Reading):
    """What is done with the vectors of one run or file."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Folder that jaxw2v train wrote; or a file of vectors in word2vec's, GloVe's or fastText's
    format, or safetensors; or a folder of model2vec."""


@described
@dataclasses.dataclass(frozen=True)
class Neighbors(OfVectors):
    """Prints the words nearest to words, or to expressions such as "king - man + woman"."""

    words: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="WORD")]
    """Words or quoted expressions; each is a query of its own."""
    topn: int = 10
    """Neighbors printed for each query (words)."""

    def run(self) -> None:
        """Runs the command."""
        if not self.words:
            raise InputError("neighbors needs at least one word or expression after the folder")
        wv = self.read(self.folder)
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


@described
@dataclasses.dataclass(frozen=True)
class Evaluate(WordSets, OfVectors):
    """Scores vectors on word-similarity and analogy files."""

    json: bool = False
    """Print JSON instead of a table."""

    def run(self) -> None:
        """Runs the command."""
        if not self.similarity and self.analogies is None:
            raise InputError("evaluate needs --similarity FILE or --analogies FILE")
        scores = self.score(self.read(self.folder))
        if self.json:
            found = {
                name: [score._asdict() for score in part] for name, part in scores._asdict().items()
            }
            print(json.dumps(_without_nan(found), indent=2))
            return
        for line in scores.lines():
            print(line)


@described
@dataclasses.dataclass(frozen=True)
class Export(WordSets, OfVectors):
    """Writes vectors in another program's format.

    The model card of static-embedding has the scores on the sets of --similarity and --analogies.
    """

    format: Annotated[str, tyro.conf.arg(metavar="NAME")]
    """word2vec-text or word2vec-bin, word2vec.c's formats, which gensim reads; glove, its text;
    fasttext-bin, with vectors of n-grams (of --subwords); safetensors, words and vectors in one
    file; tensorboard, a folder for its projector; or static-embedding, a folder that model2vec and
    sentence-transformers load."""
    out: Annotated[Path, tyro.conf.arg(metavar="PATH")]
    """File or folder to write; a file whose name ends in .gz, .bz2, .xz or .zst is compressed."""
    vectors: Literal["input", "output", "sum"] = "input"
    """The rows of the input table, of the output table, or the sum of both."""
    tokenizer: str | None = None
    """How static-embedding finds the words of a text; None takes the tokenizer of the run, or
    words where that is not known."""
    overwrite: bool = False
    """Replace the file if it exists, or files of the folder."""

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.vectors.files import format_named
        from jaxw2v.vectors.files.model_card import CARD

        is_folder = bool(format_named(self.format).files)
        is_static = self.format == "static-embedding"
        if self.tokenizer is not None and not is_static:
            raise InputError("tokenizer has an effect with static-embedding only; leave it out")
        if (self.similarity or self.analogies is not None) and not is_static:
            raise InputError(
                "scores are written with static-embedding only; leave --similarity and "
                "--analogies out"
            )
        out = self.out.expanduser()
        check_out(out, self.overwrite, is_folder)
        wv = self.read(self.folder)
        about = self._about_run() if is_static else []
        if self.vectors != "input":
            wv = wv.variant(self.vectors)
        tokenizer = self.tokenizer or (self._tokenizer_of_run() if is_static else "words")
        has_card = is_static and os.path.lexists(out / CARD)
        about += [f"`{' '.join(line.split())}`" for line in self.score(wv).totals().lines()]
        wv.export(out, self.format, tokenizer, about, self.overwrite)
        say(f"{out}: {len(wv):,} vectors of {wv.vectors.shape[1]} components")
        if has_card:
            say(f"{out / CARD}: was there and stays; see that its figures are still right")
        elif is_static:
            say(f"{out / CARD}: add the text that the vectors were trained on, and the licence")

    def _about_run(self) -> list[str]:
        folder = self.folder.expanduser()
        if not is_run(folder):
            return []
        lines = [] if self.checkpoint else describe_training(folder)
        with contextlib.suppress(InputError):
            lines.append(f"`{train_command(folder)}`")
        return lines

    def _tokenizer_of_run(self) -> str:
        folder = self.folder.expanduser()
        try:
            tokenizer = read_settings(folder).get("tokenizer", "words")
        except InputError:
            return "words"
        if not isinstance(tokenizer, str):
            raise InputError(
                f"{folder / SETTINGS}: tokenizer is {tokenizer!r}, which is no name of one; give "
                "--tokenizer"
            )
        return tokenizer


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


def _without_nan(value):
    """JSON has no NaN: a score that does not exist is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value
