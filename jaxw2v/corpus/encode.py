"""One pass over the text: tokenize, count, and write ids.

Words get provisional codes in the order in which they appear, so that the text is tokenized
once; when all is counted, the codes on disk are mapped to the vocabulary's ids.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.corpus.text import Batch
from jaxw2v.corpus.token_stream import IDS, META, SENTENCES, VOCABULARY, TokenStream
from jaxw2v.corpus.tokenizers import Tokenizer
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError

TOKENS_PER_PASS = 1 << 22


def encode(
    batches: Iterable[Batch],
    folder: Path,
    tokenizer: Tokenizer,
    min_count: int = 1,
    max_vocabulary: int | None = None,
    vocabulary: Vocabulary | None = None,
) -> TokenStream:
    """Writes a corpus as a token stream.

    Args:
      batches: the lines.
      folder: an existing, empty folder for the stream.
      tokenizer: what turns lines into words.
      min_count: rarer words are left out (occurrences).
      max_vocabulary: at most this many words are kept (words).
      vocabulary: keep exactly these words instead of counting new ones.

    Returns:
      The stream, opened.

    Raises:
      InputError: there is no word, or none reaches ``min_count``.
    """
    codes_file, ends_file = folder / "codes.tmp", folder / "ends.tmp"
    words, counts, raw_words = _count(batches, tokenizer, codes_file, ends_file)
    if raw_words == 0:
        raise InputError("the corpus has no word: it is empty, blank, or the tokenizer finds none")
    if vocabulary is None:
        vocabulary = Vocabulary.from_counts(words, counts, min_count, max_vocabulary)
        if len(vocabulary) == 0:
            raise InputError(
                f"no word reaches min_count {min_count}: the most frequent of "
                f"{np.count_nonzero(counts)} words occurs {counts.max()} times; "
                "give a smaller --min-count or more text"
            )
    to_id = np.full(len(words), -1, np.int32)
    ids = vocabulary.ids
    for code, word in enumerate(words):
        to_id[code] = ids.get(word, -1)
    tokens, sentences = _map_codes(folder, codes_file, ends_file, to_id)
    vocabulary.save(folder / VOCABULARY)
    meta = {"raw_words": raw_words, "tokens": tokens, "sentences": sentences}
    (folder / META).write_text(json.dumps(meta) + "\n")
    codes_file.unlink()
    ends_file.unlink()
    return TokenStream.load(folder)


def _count(
    batches: Iterable[Batch], tokenizer: Tokenizer, codes_file: Path, ends_file: Path
) -> tuple[list[str], np.ndarray, int]:
    categories = pl.Categories.random(physical=pl.UInt32)
    dtype = pl.Categorical(categories)
    # polars forgets the codes of categories that no series uses.
    keep_alive = pl.Series([""], dtype=dtype)
    counts = np.zeros(0, np.int64)
    position = 0
    with open(codes_file, "wb") as codes_out, open(ends_file, "wb") as ends_out:
        for lengths, words, continues in _tokenize(batches, tokenizer):
            codes = words.cast(dtype).to_physical().to_numpy()
            codes.tofile(codes_out)
            seen = np.bincount(codes, minlength=len(counts))
            seen[: len(counts)] += counts
            counts = seen
            ends = position + np.cumsum(lengths, dtype=np.int64)
            if continues:
                ends_out.seek(-8, 2)
            ends.tofile(ends_out)
            position += len(codes)
    vocabulary = categories.to_series().to_list()
    del keep_alive
    counts = np.pad(counts, (0, len(vocabulary) - len(counts)))
    return vocabulary, counts, position


def _tokenize(
    batches: Iterable[Batch], tokenizer: Tokenizer
) -> Iterator[tuple[np.ndarray, pl.Series, bool]]:
    for batch in batches:
        lists = batch.lines
        if not batch.tokenized:
            frame = pl.LazyFrame({"text": batch.lines}).select(tokenizer(pl.col("text")))
            lists = frame.collect(engine="streaming")["text"]
        lengths = lists.list.len().to_numpy()
        yield lengths, lists.explode().drop_nulls(), batch.continues


def _map_codes(
    folder: Path, codes_file: Path, ends_file: Path, to_id: np.ndarray
) -> tuple[int, int]:
    ends = np.memmap(ends_file, np.int64, mode="r")
    total = codes_file.stat().st_size // 4
    tokens = sentences = last_end = 0
    with contextlib.ExitStack() as files:
        codes_in = files.enter_context(open(codes_file, "rb"))
        ids_out = files.enter_context(open(folder / IDS, "wb"))
        ends_out = files.enter_context(open(folder / SENTENCES, "wb"))
        for start in range(0, total, TOKENS_PER_PASS):
            ids = to_id[np.fromfile(codes_in, np.uint32, TOKENS_PER_PASS)]
            kept = np.concatenate([[0], np.cumsum(ids >= 0)])
            ids[ids >= 0].tofile(ids_out)
            lo, hi = np.searchsorted(ends, [start + 1, start + len(ids) + 1])
            new_ends = tokens + kept[ends[lo:hi] - start]
            new_ends = new_ends[np.diff(new_ends, prepend=last_end) > 0]
            new_ends.tofile(ends_out)
            sentences += len(new_ends)
            last_end = int(new_ends[-1]) if len(new_ends) else last_end
            tokens += int(kept[-1])
    return tokens, sentences
