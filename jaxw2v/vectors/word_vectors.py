"""Words with their vectors: made, loaded, saved, and handed to other programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import jax.numpy as jnp
import numpy as np
import polars as pl

from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.devices.row_sharding import Rows, checked_rows, row_sharding
from jaxw2v.errors import InputError
from jaxw2v.run_folder import CHECKPOINTS, SETTINGS, is_run
from jaxw2v.vectors import files
from jaxw2v.vectors.comparisons import Comparisons
from jaxw2v.vectors.nearest_words import NearestWords
from jaxw2v.vectors.subword_vectors import SubwordVectors

if TYPE_CHECKING:
    from flax import nnx


class WordVectors(NearestWords, Comparisons):
    """Word vectors in memory.

    Names and meanings are those of gensim's ``KeyedVectors`` where it has them.

    Attributes:
      vocabulary: the words and their counts.
      output_vectors: like ``vectors``, the output embedding, or ``None``.
      subwords: the vectors of n-grams of which ``vectors`` were made, or ``None``; with them words
        outside the vocabulary have vectors too.

    Example:
      >>> vocabulary = Vocabulary.from_counts(["cat", "dog", "sky"], [3, 2, 1])
      >>> wv = WordVectors(vocabulary, np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]]))
      >>> wv.most_similar("cat", topn=1)[0][0]
      'dog'
      >>> "bird" in wv
      False
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        vectors: Rows,
        output_vectors: Rows | None = None,
        subwords: SubwordVectors | None = None,
    ):
        """Joins words and vectors.

        Args:
          vocabulary: V words.
          vectors: [V, D] floating; with V rows or more if it is sharded over devices; copied unless
            it is float32, contiguous and read-only.
          output_vectors: likewise, or ``None``.
          subwords: the vectors of n-grams of which they were made, or ``None``.

        Raises:
          InputError: the shapes differ, a number is not finite, or a word is there twice.
        """
        if len(vocabulary.ids) != len(vocabulary):
            word = next(w for i, w in enumerate(vocabulary.words) if vocabulary.ids[w] != i)
            raise InputError(f"the word {word!r} stands twice in the vocabulary")
        self.vocabulary = vocabulary
        self.vectors = vectors
        self.output_vectors = output_vectors
        self.subwords = subwords

    @property
    def output_vectors(self) -> Rows | None:
        """The output embedding, float32 [V, D], read-only; ``None`` without one."""
        return self._output_vectors

    @output_vectors.setter
    def output_vectors(self, vectors: Rows | None) -> None:
        if vectors is not None:
            vectors = checked_rows(vectors, len(self.vocabulary), "output_vectors")
        self._output_vectors = vectors

    def to_embed(self) -> nnx.Embed:
        """The vectors as a Flax layer, to start a network from.

        Returns:
          An ``nnx.Embed`` whose row v is the vector of word v.

        Raises:
          InputError: the vectors are cut over devices.
        """
        # Its import takes half a second, which queries need not wait for.
        from flax import nnx

        vectors = self._whole("a layer")
        embed = nnx.Embed(*vectors.shape, rngs=nnx.Rngs(0))
        embed.embedding[...] = jnp.asarray(vectors)
        return embed

    def to_frame(self) -> pl.DataFrame:
        """The vectors as a polars table.

        Returns:
          Columns ``word``, ``count`` (int64) and ``vector`` (arrays of D float32).

        Raises:
          InputError: the vectors are cut over devices.

        Example:
          >>> vocabulary = Vocabulary.from_counts(["cat", "dog"], [2, 1])
          >>> frame = WordVectors(vocabulary, np.ones((2, 3))).to_frame()
          >>> frame.columns, frame["vector"].to_numpy().shape
          (['word', 'count', 'vector'], (2, 3))
        """
        vectors = self._whole("a table")
        return pl.DataFrame({"word": self.words, "count": self.counts, "vector": vectors})

    def _whole(self, what: str) -> np.ndarray:
        if row_sharding(self.vectors) is not None:
            raise InputError(f"the vectors are cut over devices; save and load them to get {what}")
        return np.asarray(self.vectors)

    def save(self, folder: str | os.PathLike) -> None:
        """Writes ``vectors.safetensors`` and ``vocabulary.tsv``, each renamed when complete.

        Args:
          folder: made if missing.

        Raises:
          InputError: the name is empty; or it holds a run, whose vectors are those of its
            checkpoints and settings, or a file of one of these names that is not known to be ours.
        """
        if not os.fspath(folder):
            raise InputError("the folder's name is empty; name one (. is the current one)")
        folder = Path(folder).expanduser()
        trained = any((folder / name).exists() for name in (SETTINGS, CHECKPOINTS))
        if trained and is_run(folder):
            raise InputError(
                f"{folder}: holds a run, whose vectors would no longer be those of its "
                "checkpoints; choose another folder"
            )
        files.write_folder(
            folder, self.vocabulary, self.vectors, self.output_vectors, self.subwords
        )

    @classmethod
    def load(
        cls,
        path: str | os.PathLike,
        limit: int | None = None,
        errors: files.Errors = "strict",
        show_progress: bool = True,
    ) -> WordVectors:
        """Loads vectors of this program or of another; the format is known by the content.

        Where a format has no counts, they are made up: V, V - 1, ..., 1 in the order of the words.

        Args:
          path: the folder of a run, or of model2vec or sentence-transformers; or a file in
            word2vec's or fastText's text or binary, GloVe's text format, or safetensors, plain or
            compressed by gzip, bzip2, xz or zstd.
          limit: only so many first words; ``None`` reads all.
          errors: ``strict`` refuses a file with a row that cannot be used: a word that is empty,
            not UTF-8 or there twice, a number that is not finite, too few or too many numbers.
            ``replace`` puts U+FFFD where a word is not UTF-8; ``skip`` leaves bad rows out, with a
            warning, but not in word2vec's binary format, where nothing says where the next begins.
          show_progress: draw a progress line on standard error.

        Returns:
          The vectors.

        Raises:
          InputError: the file cannot be used: what, where, and what to do.

        Example:
          >>> import tempfile
          >>> vocabulary = Vocabulary.from_counts(["cat", "dog"], [2, 1])
          >>> with tempfile.TemporaryDirectory() as folder:
          ...     WordVectors(vocabulary, np.eye(2)).export(f"{folder}/v.txt", "glove")
          ...     WordVectors.load(f"{folder}/v.txt")["dog"].tolist()
          [0.0, 1.0]
        """
        table = files.load(path, limit, errors, show_progress)
        counts = table.counts
        if counts is None:
            counts = np.arange(len(table.words), 0, -1)
        # Nobody else holds the tables, so that they need not be copied.
        for vectors in (table.vectors, table.output_vectors):
            if vectors is not None:
                vectors.flags.writeable = False
        vocabulary = Vocabulary(table.words, counts)
        try:
            return cls(vocabulary, table.vectors, table.output_vectors, table.subwords)
        except InputError as error:
            raise InputError(f"{path}: {error}; restore the file") from None

    def export(
        self,
        path: str | os.PathLike,
        format: str,
        tokenizer: str = "words",
        about: Sequence[str] = (),
        overwrite: bool = False,
    ) -> None:
        """Writes the vectors in another program's format, renamed when complete.

        Args:
          path: the file, compressed if its name ends in .gz, .bz2, .xz or .zst; a folder for
            ``tensorboard`` and ``static-embedding``.
          format: ``word2vec-text`` or ``word2vec-bin``, which gensim and many others read;
            ``glove``, the same text without its header; ``fasttext-bin``, vectors of words and
            n-grams, which fastText and gensim read; ``safetensors``, vectors, words and counts in
            one file; ``tensorboard``, for its projector; ``static-embedding``, a folder that
            model2vec and sentence-transformers load. Only ``fasttext-bin`` holds those of
            n-grams; the others, those of the words of the vocabulary, made of them.
          tokenizer: the tokenizer by which ``static-embedding`` finds the words of a text.
          about: lines on how the vectors came to be, for its card, ``README.md``; a card that
            is there stays as it is.
          overwrite: replace a file that is there.

        Raises:
          InputError: the file exists; or the format is unknown, cannot hold one of the words, or
            does not go with the ending of the name.
        """
        files.export(
            path,
            format,
            self.vocabulary,
            self.vectors,
            tokenizer,
            self.output_vectors,
            self.subwords,
            about,
            overwrite,
        )

    def variant(self, which: Literal["input", "output", "sum"]) -> WordVectors:
        """The same words with other vectors.

        Args:
          which: the input rows, the output rows, or the sum of both.

        Returns:
          The vectors, without output rows of their own.

        Raises:
          InputError: there are no output rows, or ``which`` is unknown.

        Example:
          >>> vocabulary = Vocabulary.from_counts(["cat", "dog"], [2, 1])
          >>> wv = WordVectors(vocabulary, np.ones((2, 3)), np.full((2, 3), 2.0))
          >>> wv.variant("sum")["dog"].tolist()
          [3.0, 3.0, 3.0]
        """
        if which not in ("input", "output", "sum"):
            raise InputError(f"which is {which!r}; it must be input, output or sum")
        if which == "input":
            return WordVectors(self.vocabulary, self.vectors, subwords=self.subwords)
        if self.output_vectors is None:
            raise InputError(
                "there are no output vectors: hierarchical softmax has none for words, and files "
                "of other programs hold one kind only"
            )
        if which == "output":
            return WordVectors(self.vocabulary, self.output_vectors)
        return WordVectors(self.vocabulary, self.output_vectors + self.vectors)
