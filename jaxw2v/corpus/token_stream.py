"""The corpus as ids on disk, memory-mapped."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import numpy as np

from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError

IDS, SENTENCES, VOCABULARY, META = "ids.bin", "sentences.bin", "vocabulary.tsv", "meta.json"


@dataclasses.dataclass(frozen=True, eq=False)
class TokenStream:
    """Token ids of a corpus, with where its sentences end.

    Attributes:
      ids: int32 [n], memory-mapped; words outside the vocabulary are left out.
      sentence_ends: int64 [s], memory-mapped; the position after each sentence's last token.
      vocabulary: what the ids mean.
      raw_words: words the tokenizer found, those outside the vocabulary counted.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    vocabulary: Vocabulary
    raw_words: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sentence_lengths(self) -> np.ndarray:
        """int64 [s], tokens in each sentence."""
        return np.diff(self.sentence_ends, prepend=0)

    @functools.cached_property
    def words_per_token(self) -> float:
        """Raw words for each token of the stream."""
        return self.raw_words / max(len(self), 1)

    def read(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Reads a range of the stream.

        Args:
          start: first token.
          stop: token after the last.

        Returns:
          ids: int32 [stop - start].
          sentence_ids: int32 [stop - start], each token's sentence in the whole stream.
        """
        first = int(np.searchsorted(self.sentence_ends, start, side="right"))
        last = int(np.searchsorted(self.sentence_ends, stop, side="left"))
        ends = np.minimum(self.sentence_ends[first : last + 1], stop)
        lengths = np.diff(ends, prepend=start)
        sentence_ids = np.repeat(np.arange(first, first + len(ends), dtype=np.int32), lengths)
        return np.asarray(self.ids[start:stop]), sentence_ids

    @classmethod
    def load(cls, folder: str | Path) -> TokenStream:
        """Opens a folder that :func:`jaxw2v.corpus.encode.encode` wrote.

        Args:
          folder: the folder.

        Returns:
          The stream, memory-mapped.

        Raises:
          InputError: a file of it is missing or its size is wrong.
        """
        folder = Path(folder)
        try:
            meta = json.loads((folder / META).read_text())
            ids = _map(folder / IDS, np.int32)
            sentence_ends = _map(folder / SENTENCES, np.int64)
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: not a token stream: {error}") from None
        if (len(ids), len(sentence_ends)) != (meta["tokens"], meta["sentences"]):
            raise InputError(f"{folder}: the token stream is cut short; delete the folder")
        vocabulary = Vocabulary.load(folder / VOCABULARY)
        return cls(ids, sentence_ends, vocabulary, meta["raw_words"])


def _map(path: Path, dtype: type) -> np.ndarray:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r")
