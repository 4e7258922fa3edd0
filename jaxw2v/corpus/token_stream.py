"""The corpus as ids in shards on disk, memory-mapped."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxw2v.corpus.phrases import Phrases
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError
from jaxw2v.run_folder import PHRASES, VOCABULARY
from jaxw2v.tokenizer_names import stored_settings

META = "meta.json"
FORMAT = 2


class Shard(NamedTuple):
    """A piece of the stream.

    Attributes:
      ids: int32 [n].
      sentence_ends: int64 [s], the place in the shard after each sentence's last token; the last
        is n.
      continues: whether the first sentence goes on from the last one of the shard before.
    """

    ids: np.ndarray
    sentence_ends: np.ndarray
    continues: bool = False


def shard_files(folder: Path, number: int) -> tuple[Path, Path]:
    """Where a shard lies.

    Args:
      folder: the folder of the stream.
      number: the number, from 0.

    Returns:
      The files of its ids (int32, little-endian) and its sentence ends (int64).
    """
    return folder / f"shard-{number:05}.ids", folder / f"shard-{number:05}.ends"


@dataclasses.dataclass(frozen=True, eq=False)
class TokenStream:
    """Token ids of a corpus, with where its sentences end.

    Attributes:
      shards: memory-mapped, none of them empty; words outside the vocabulary are left out.
      vocabulary: what the ids mean.
      raw_words: words the tokenizer found, those outside the vocabulary counted.
      settings: the settings by which the text was encoded; empty where that is not known.
      folder: where the shards lie; ``None`` is memory.
      phrases: the phrases that were joined in the text.
    """

    shards: tuple[Shard, ...]
    vocabulary: Vocabulary
    raw_words: int
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    folder: Path | None = None
    phrases: Phrases = dataclasses.field(default_factory=Phrases)

    @classmethod
    def from_arrays(
        cls, ids: np.ndarray, sentence_ends: np.ndarray, vocabulary: Vocabulary, raw_words: int
    ) -> TokenStream:
        """Makes a stream of one shard.

        Args:
          ids: int32 [n].
          sentence_ends: int64 [s], rising, the last is n.
          vocabulary: what the ids mean.
          raw_words: see the class.

        Returns:
          The stream.

        Example:
          >>> words = Vocabulary.from_counts(["a", "b"], [2, 1])
          >>> stream = TokenStream.from_arrays(np.array([0, 1, 0]), np.array([2, 3]), words, 3)
          >>> [part.tolist() for part in stream.read(0, 3)]
          [[0, 1, 0], [0, 0, 1]]
        """
        return cls((Shard(ids, sentence_ends),) if len(ids) else (), vocabulary, raw_words)

    def __len__(self) -> int:
        return int(self._first_tokens[-1])

    @functools.cached_property
    def _first_tokens(self) -> np.ndarray:
        return np.cumsum([0, *(len(shard.ids) for shard in self.shards)], dtype=np.int64)

    @functools.cached_property
    def _first_sentences(self) -> np.ndarray:
        """The number of each shard's first sentence."""
        sentences = np.cumsum([0, *(len(shard.sentence_ends) for shard in self.shards)])
        joined = np.cumsum([shard.continues for shard in self.shards] + [False])
        return sentences - joined

    @property
    def num_sentences(self) -> int:
        """Sentences with a token of the vocabulary."""
        return int(self._first_sentences[-1])

    @functools.cached_property
    def longest_sentence(self) -> int:
        """Tokens of the longest sentence."""
        longest = last = 0
        for shard in self.shards:
            lengths = np.diff(shard.sentence_ends, prepend=0)
            lengths[0] += last * shard.continues
            longest, last = max(longest, int(lengths.max())), int(lengths[-1])
        return longest

    @functools.cached_property
    def words_per_token(self) -> float:
        """Raw words for each token of the stream."""
        return self.raw_words / max(len(self), 1)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the ids, of where sentences end, and of how both are cut in shards.

        Of a stream on disk, as it was written.
        """
        return combined(map(shard_digest, self.shards))

    def read(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Reads a range of the stream.

        Args:
          start: first token.
          stop: token after the last.

        Returns:
          ids: int32 [stop - start].
          sentence_ids: int32 [stop - start], each token's sentence in the whole stream.

        Raises:
          InputError: an id is not one of the vocabulary's: a shard is damaged.
        """
        first = int(np.searchsorted(self._first_tokens, start, side="right")) - 1
        last = int(np.searchsorted(self._first_tokens, stop, side="left"))
        parts = [
            self._read_shard(number, start, stop)
            for number in range(first, min(last, len(self.shards)))
        ]
        if not parts:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        ids, sentence_ids = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return ids, sentence_ids

    def _read_shard(self, number: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        shard, offset = self.shards[number], int(self._first_tokens[number])
        start, stop = max(start - offset, 0), min(stop - offset, len(shard.ids))
        ids = np.asarray(shard.ids[start:stop])
        if len(ids) and not 0 <= ids.min() <= ids.max() < len(self.vocabulary):
            where = (
                "the token stream" if self.folder is None else shard_files(self.folder, number)[0]
            )
            raise InputError(f"{where}: is damaged: it holds an id outside the vocabulary")
        first = int(np.searchsorted(shard.sentence_ends, start, side="right"))
        last = int(np.searchsorted(shard.sentence_ends, stop, side="left"))
        ends = np.minimum(shard.sentence_ends[first : last + 1], stop)
        lengths = np.diff(ends, prepend=start)
        numbers = self._first_sentences[number] + first + np.arange(len(ends))
        return ids, np.repeat(numbers.astype(np.int32), lengths)

    def select(self, chosen: np.ndarray) -> TokenStream:
        """Copies some of the sentences into memory.

        Args:
          chosen: bool [sentences].

        Returns:
          The stream of these sentences.
        """
        parts = [(np.zeros(0, np.int32), np.zeros(0, np.int32))]
        for start, stop in zip(self._first_tokens[:-1], self._first_tokens[1:], strict=True):
            part, sentences = self.read(int(start), int(stop))
            kept = chosen[sentences]
            parts.append((part[kept], sentences[kept]))
        ids, sentence_ids = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        ends = np.flatnonzero(np.diff(sentence_ids, append=-1)) + 1
        words = round(len(ids) * self.words_per_token)
        return TokenStream.from_arrays(ids, ends, self.vocabulary, words)

    @classmethod
    def load(cls, folder: str | Path) -> TokenStream:
        """Opens a folder that :func:`jaxw2v.encode_corpus` wrote.

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
            if meta["format"] != FORMAT:
                raise InputError(
                    f"{folder}: a token stream of format {meta['format']}, and this version of "
                    f"jaxw2v reads format {FORMAT}; encode the text again"
                )
            sizes, raw_words = meta["shards"], meta["raw_words"]
            settings = stored_settings(meta["settings"])
            digest = combined(size["digest"] for size in sizes)
            shards = tuple(
                Shard(
                    _map(ids, np.int32, size["tokens"]),
                    _map(ends, np.int64, size["sentences"]),
                    size["continues"],
                )
                for size, (ids, ends) in zip(
                    sizes, (shard_files(folder, size["number"]) for size in sizes), strict=True
                )
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{folder}: not a token stream: {error}; give a folder that jaxw2v encode wrote"
            ) from None
        vocabulary = Vocabulary.load(folder / VOCABULARY)
        phrases = Phrases.load(folder / PHRASES) if (folder / PHRASES).exists() else Phrases()
        stream = cls(shards, vocabulary, raw_words, settings, folder, phrases)
        # Computed once, when the shards were written.
        stream.__dict__["digest"] = digest
        return stream


def shard_digest(shard: Shard) -> str:
    """SHA-256 of a shard's content.

    Args:
      shard: the shard.

    Returns:
      The digest.
    """
    digest = hashlib.sha256(bytes([shard.continues]))
    for array, dtype in ((shard.ids, np.int32), (shard.sentence_ends, np.int64)):
        digest.update(np.ascontiguousarray(array, dtype).data)
    return digest.hexdigest()


def combined(digests: Iterable[str]) -> str:
    """One digest for those of the shards.

    Args:
      digests: the digests, in the order of the shards.

    Returns:
      SHA-256 of them.
    """
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _map(path: Path, dtype: type, size: int) -> np.ndarray:
    there, wanted = path.stat().st_size, size * np.dtype(dtype).itemsize
    if there != wanted:
        raise InputError(
            f"{path}: is cut short or altered: {there:,} bytes instead of {wanted:,}; delete the "
            "folder and encode the text again"
        )
    return map_file(path, dtype)


def map_file(path: Path, dtype: type) -> np.ndarray:
    """Maps a file into memory.

    Args:
      path: the file.
      dtype: the type of its numbers.

    Returns:
      The numbers [n]; of an empty file, which cannot be mapped, none.
    """
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r")
