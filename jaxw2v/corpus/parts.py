"""Parts: the shards of a corpus while they are made, with words of their own for codes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.config import TextSettings
from jaxw2v.corpus.counting import WordCounts
from jaxw2v.corpus.known import Known
from jaxw2v.corpus.phrases import JOINT, choose_pairs, places_to_join
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError

PARTS = "parts"


@dataclasses.dataclass(frozen=True)
class Part:
    """The files of a shard while it is made.

    Attributes:
      folder: the folder of the stream.
      number: the number of the shard.
      passes: times that phrases have been joined in it.
    """

    folder: Path
    number: int
    passes: int = 0

    def file(self, kind: str) -> Path:
        """The file of a kind.

        Codes (uint32), ends of sentences (int64), words with their counts in the order of the
        codes, or a mark (JSON) that a pass over it is complete.
        """
        return self.folder / PARTS / f"{self.number:05}.{self.passes}.{kind}"

    def words(self) -> pl.DataFrame:
        """Columns ``code``, ``word`` and ``count``; a word may have several codes."""
        return pl.read_parquet(self.file("words"), glob=False).with_row_index("code")

    def remove(self) -> None:
        """Removes what is large, when nobody needs it any more."""
        self.file("codes").unlink(missing_ok=True)
        self.file("ends").unlink(missing_ok=True)


def count_words(parts: Sequence[Part], settings: TextSettings) -> pl.DataFrame:
    """Adds up the counts of all parts.

    Args:
      parts: all of them.
      settings: ``max_counted`` is used.

    Returns:
      Columns ``word`` and ``count``.
    """
    counts = WordCounts(settings.max_counted)
    for part in parts:
        words = part.words().filter(pl.col("count") > 0)
        counts.add(words.group_by("word").agg(pl.col("count").sum()))
    return counts.table()


def choose_vocabulary(
    parts: Sequence[Part], settings: TextSettings, known: Known | None
) -> Vocabulary:
    """Chooses the words that get ids.

    Args:
      parts: all of them.
      settings: ``min_count``, ``max_vocabulary`` and ``max_counted`` are used.
      known: words that have ids; ``None`` is none.

    Returns:
      The vocabulary.

    Raises:
      InputError: no word is frequent enough.
    """
    table = count_words(parts, settings)
    if known is not None:
        old = pl.DataFrame({"word": known.vocabulary.words})
        found = old.join(table, on="word", how="left", maintain_order="left")
        counts = found["count"].fill_null(0).to_numpy()
        table = table.join(old, on="word", how="anti")
        room = settings.max_vocabulary and max(0, settings.max_vocabulary - len(old))
        new = Vocabulary.from_counts(
            table["word"], table["count"].to_numpy(), settings.min_count, room if known.grow else 0
        )
        words = known.vocabulary.words + new.words
        return Vocabulary(words, np.concatenate([counts, new.counts]).astype(np.int64))
    if len(table) == 0:
        raise InputError(
            "all words were forgotten on the way, of which there are more than "
            f"{settings.max_counted:,}; give a larger --max-counted"
        )
    vocabulary = Vocabulary.from_counts(
        table["word"], table["count"].to_numpy(), settings.min_count, settings.max_vocabulary
    )
    if len(vocabulary) == 0:
        most = table.select(pl.col("count").max()).item()
        raise InputError(
            f"no word reaches min_count {settings.min_count}: the most frequent of "
            f"{len(table)} words occurs {most} times; "
            "give a smaller --min-count or more text"
        )
    return vocabulary


def find_pairs(parts: Sequence[Part], settings: TextSettings) -> pl.DataFrame:
    """Finds the pairs of words that one pass joins.

    A pair of the last token of a part and the first of the next is not seen. Takes memory for the
    pairs of a part, and for ``max_counted`` different ones.

    Args:
      parts: all of them.
      settings: what decides the phrases.

    Returns:
      Columns ``first``, ``second`` and ``score``.
    """
    words = count_words(parts, settings)
    tokens = int(words["count"].sum())
    # A pair is at most as frequent as its words.
    words = words.filter(pl.col("count") >= settings.phrase_min_count)
    ids = words.select("word").with_row_index("id")
    counts = WordCounts(settings.max_counted, "pairs of words")
    for part in parts:
        local = part.words().join(ids, on="word", how="left", maintain_order="left")
        to_id = local["id"].fill_null(len(ids)).to_numpy().astype(np.int64)
        codes, ends = np.fromfile(part.file("codes"), np.uint32), _ends(part)
        first, second = to_id[codes[:-1]], to_id[codes[1:]]
        is_pair = (first < len(ids)) & (second < len(ids))
        is_pair[ends[(ends > 0) & (ends < len(codes))] - 1] = False
        keys = pl.Series("word", first[is_pair] * len(ids) + second[is_pair])
        counts.add(keys.value_counts(name="count").cast(pl.Int64))
    pairs = counts.table().with_columns(
        first=pl.col("word") // max(len(ids), 1), second=pl.col("word") % max(len(ids), 1)
    )
    return choose_pairs(pairs, words, tokens, settings)


def join_parts(parts: Sequence[Part], pairs: pl.DataFrame) -> list[Part]:
    """Joins pairs in all parts; parts that have been done are passed over.

    Args:
      parts: all of them.
      pairs: columns ``first`` and ``second``.

    Returns:
      The parts with phrases; those without have gone.
    """
    joined = [dataclasses.replace(part, passes=part.passes + 1) for part in parts]
    for part, new in zip(parts, joined, strict=True):
        if not new.file("joined").exists():
            _join(part, new, pairs)
    for part in parts:
        part.remove()
    return joined


def _join(part: Part, new: Part, pairs: pl.DataFrame) -> None:
    codes, ends, words = np.fromfile(part.file("codes"), np.uint32), _ends(part), part.words()
    by_word = words.select("code", "word")
    here = pairs.join(by_word, left_on="first", right_on="word").join(
        by_word, left_on="second", right_on="word", suffix="_second"
    )
    keys = _keys(here["code"].to_numpy(), here["code_second"].to_numpy(), len(words))
    order = np.argsort(keys)
    of_tokens = _keys(codes[:-1], codes[1:], len(words))
    place = np.searchsorted(keys[order], of_tokens)
    found = order[np.minimum(place, len(keys) - 1)] if len(keys) else np.zeros(0, int)
    is_pair = keys[found] == of_tokens if len(keys) else np.zeros(len(of_tokens), bool)
    is_pair[ends[(ends > 0) & (ends < len(codes))] - 1] = False
    joins = places_to_join(is_pair)
    codes = codes.copy()
    codes[:-1][joins] = (len(words) + found[joins]).astype(np.uint32) if len(keys) else 0
    keep = np.concatenate([[True], ~joins]) if len(codes) else np.zeros(0, bool)
    left = np.concatenate([[0], np.cumsum(keep)])
    phrases = here.select(pl.col("first") + JOINT + pl.col("second")).to_series()
    names = pl.concat([words["word"], phrases])
    counts = np.bincount(codes[keep], minlength=len(names))
    new.file("codes").write_bytes(codes[keep].data)
    new.file("ends").write_bytes(left[ends].astype(np.int64).data)
    with renamed_when_complete(new.file("words")) as path:
        pl.DataFrame({"word": names, "count": counts}).write_parquet(path)
    with renamed_when_complete(new.file("joined")) as path:
        path.write_text(json.dumps({"joined": int(joins.sum())}))


def _ends(part: Part) -> np.ndarray:
    return np.fromfile(part.file("ends"), np.int64)


def _keys(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    return first.astype(np.int64) * size + second
