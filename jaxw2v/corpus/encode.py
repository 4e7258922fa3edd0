"""Text to a token stream, shard by shard, so that memory is bounded and a killed run goes on.

The text is tokenized once. A shard's words get codes of its own and are counted; when all shards
are counted, the codes on disk are mapped to the vocabulary's ids. What is complete has a mark
beside it, and is passed over when the work is taken up again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.config import TextSettings
from jaxw2v.corpus.known import Known
from jaxw2v.corpus.parts import PARTS, Part, choose_vocabulary, find_pairs, join_parts
from jaxw2v.corpus.phrases import Phrases
from jaxw2v.corpus.stream_folder import remove_parts
from jaxw2v.corpus.text import Batch
from jaxw2v.corpus.token_stream import (
    FORMAT,
    META,
    Shard,
    TokenStream,
    map_file,
    shard_digest,
    shard_files,
)
from jaxw2v.corpus.tokenizers import Tokenizer, get_tokenizer
from jaxw2v.errors import InputError
from jaxw2v.progress import progress_bar
from jaxw2v.run_folder import PHRASES, VOCABULARY

# A shard ends with the batch that fills it (tokens); 64 MiB and about 100 MB of text.
TOKENS_PER_SHARD = 1 << 24
TOKENS_PER_PASS = 1 << 20


def encode(
    batches: Iterable[Batch],
    folder: Path,
    settings: TextSettings,
    known: Known | None = None,
    show_progress: bool = False,
) -> TokenStream:
    """Writes a corpus as a token stream.

    Args:
      batches: the lines; the same ones if ``folder`` holds work that was interrupted.
      folder: the folder for the stream; empty, or of the same work interrupted.
      settings: the tokenizer, what decides the vocabulary, and what decides the phrases.
      known: words and phrases that are known before; ``None`` finds them in the text.
      show_progress: draw a progress line on standard error while shards are written.

    Returns:
      The stream, opened.

    Raises:
      InputError: there is no word, or none reaches ``min_count``.
    """
    (folder / PARTS).mkdir(exist_ok=True)
    tokenizer, batches = get_tokenizer(settings.tokenizer), iter(batches)
    counted = []
    for number in itertools.count():
        first = next(batches, None)
        if first is None:
            break
        part = Part(folder, number)
        counted.append(_count(itertools.chain([first], batches), tokenizer, part))
    raw_words = sum(part["raw_words"] for part in counted)
    if raw_words == 0:
        raise InputError(
            "the corpus has no word: it is empty, blank, or the tokenizer finds none; give other "
            "text or another --tokenizer"
        )
    parts = [Part(folder, number) for number in range(len(counted))]
    phrases = Phrases() if known is None else known.phrases
    for number in range(1, (settings.phrase_passes if known is None else phrases.passes) + 1):
        if known is None:
            found = folder / PARTS / f"phrases-{number}.tsv"
            phrases = _find_phrases(found, phrases, parts, settings)
        parts = join_parts(parts, phrases.of_pass(number))
    vocabulary = choose_vocabulary(parts, settings, known)
    ids = pl.DataFrame({"word": vocabulary.words, "id": np.arange(len(vocabulary), dtype=np.int32)})
    shards, is_open = [], False
    for part, info in zip(
        progress_bar(parts, desc="writing token stream", unit=" shards", show=show_progress),
        counted,
        strict=True,
    ):
        shard = _map(part, ids, info["continues"] and is_open)
        is_open = shard.pop("is_open")
        if shard["tokens"]:
            shards.append(shard)
    with renamed_when_complete(folder / VOCABULARY) as path:
        vocabulary.save(path)
    if settings.phrase_passes or phrases.passes:
        with renamed_when_complete(folder / PHRASES) as path:
            phrases.save(path)
    meta = {"format": FORMAT, "raw_words": raw_words, "shards": shards}
    fields = dataclasses.fields(TextSettings)
    meta["settings"] = {field.name: getattr(settings, field.name) for field in fields}
    # Before the stream is complete: what lies there afterwards is not ours.
    remove_parts(folder)
    with renamed_when_complete(folder / META) as path:
        path.write_text(json.dumps(meta, indent=2) + "\n")
    return TokenStream.load(folder)


def _find_phrases(
    path: Path, before: Phrases, parts: Sequence[Part], settings: TextSettings
) -> Phrases:
    """One more pass of phrases; kept, because the parts they were found in go."""
    if path.exists():
        return Phrases.load(path)
    phrases = before.and_then(find_pairs(parts, settings))
    with renamed_when_complete(path) as temporary:
        phrases.save(temporary)
    return phrases


def _count(batches: Iterator[Batch], tokenizer: Tokenizer, part: Part) -> dict:
    """Writes codes, words and counts of the next part, and returns what its mark says."""
    if part.file("counted").exists():
        mark = json.loads(part.file("counted").read_text())
        for _ in itertools.islice(batches, mark["batches"]):
            pass
        return mark
    categories = pl.Categories.random(physical=pl.UInt32)
    dtype = pl.Categorical(categories)
    # polars forgets the codes of categories that no series uses.
    keep_alive = pl.Series([""], dtype=dtype)
    counts = np.zeros(0, np.int64)
    position, taken, part_continues, is_found = 0, 0, None, False
    with open(part.file("codes"), "wb") as codes_out, open(part.file("ends"), "wb") as ends_out:
        for batch, lengths, words in _tokenize(batches, tokenizer):
            is_found = not batch.tokenized
            codes = words.cast(dtype).to_physical().to_numpy()
            codes_out.write(codes.data)
            seen = np.bincount(codes, minlength=len(counts))
            seen[: len(counts)] += counts
            counts = seen
            ends = position + np.cumsum(lengths, dtype=np.int64)
            if part_continues is None:
                part_continues = batch.continues
            elif batch.continues:
                ends_out.seek(-8, 2)
            ends_out.write(ends.data)
            position, taken = position + len(codes), taken + 1
            if position >= TOKENS_PER_SHARD:
                break
    words = categories.to_series()
    counts = np.pad(counts, (0, len(words) - len(counts)))
    table = pl.DataFrame({"word": words, "count": counts})
    if is_found:
        table = table.with_columns(tokenizer.normalize(pl.col("word")))
    with renamed_when_complete(part.file("words")) as path:
        table.write_parquet(path)
    del keep_alive
    mark = {"batches": taken, "raw_words": position, "continues": bool(part_continues)}
    with renamed_when_complete(part.file("counted")) as path:
        path.write_text(json.dumps(mark))
    return mark


def _tokenize(
    batches: Iterable[Batch], tokenizer: Tokenizer
) -> Iterator[tuple[Batch, np.ndarray, pl.Series]]:
    """Batches, words in each sentence, and words as they stand there."""
    for batch in batches:
        lists = batch.lines
        if not batch.tokenized:
            frame = pl.LazyFrame({"text": batch.lines}).select(tokenizer.find(pl.col("text")))
            lists = frame.collect(engine="streaming")["text"]
        lengths = lists.list.len().to_numpy()
        yield batch, lengths, lists.explode().drop_nulls()


def _map(part: Part, ids: pl.DataFrame, continues: bool) -> dict:
    """Writes the shard of a part, and returns what its mark says."""
    if part.file("mapped").exists():
        return json.loads(part.file("mapped").read_text())
    words = part.words()
    found = words.join(ids, on="word", how="inner")
    to_id = np.full(len(words), -1, np.int32)
    to_id[found["code"].to_numpy()] = found["id"].to_numpy()
    ids_file, ends_file = shard_files(part.folder, part.number)
    with contextlib.ExitStack() as files:
        ids_out = files.enter_context(renamed_when_complete(ids_file))
        ends_out = files.enter_context(renamed_when_complete(ends_file))
        tokens, sentences, first_kept, last_kept = _write_shard(part, to_id, ids_out, ends_out)
        continues = bool(continues and first_kept)
        shard = Shard(map_file(ids_out, np.int32), map_file(ends_out, np.int64), continues)
        mark = {
            "number": part.number,
            "tokens": tokens,
            "sentences": sentences,
            "continues": continues,
            "digest": shard_digest(shard),
            "is_open": bool(last_kept),
        }
    with renamed_when_complete(part.file("mapped")) as path:
        path.write_text(json.dumps(mark))
    part.remove()
    return mark


def _write_shard(
    part: Part, to_id: np.ndarray, ids_file: Path, ends_file: Path
) -> tuple[int, int, int, int]:
    """Tokens and sentences written, and those kept of the first and of the last sentence."""
    ends = np.fromfile(part.file("ends"), np.int64)
    total = part.file("codes").stat().st_size // 4
    tokens = sentences = last_end = 0
    kept_by = np.zeros(len(ends) + 1, np.int64)
    with (
        open(part.file("codes"), "rb") as codes_in,
        open(ids_file, "wb") as ids_out,
        open(ends_file, "wb") as ends_out,
    ):
        for start in range(0, total, TOKENS_PER_PASS):
            ids = to_id[np.fromfile(codes_in, np.uint32, TOKENS_PER_PASS)]
            kept = np.concatenate([[0], np.cumsum(ids >= 0)])
            ids_out.write(ids[ids >= 0].data)
            lo, hi = np.searchsorted(ends, [start + 1, start + len(ids) + 1])
            kept_by[lo + 1 : hi + 1] = tokens + kept[ends[lo:hi] - start]
            new_ends = kept_by[lo + 1 : hi + 1]
            new_ends = new_ends[np.diff(new_ends, prepend=last_end) > 0]
            ends_out.write(new_ends.data)
            sentences += len(new_ends)
            last_end = int(new_ends[-1]) if len(new_ends) else last_end
            tokens += int(kept[-1])
    of_sentences = np.diff(kept_by) if len(ends) else [0]
    return tokens, sentences, int(of_sentences[0]), int(of_sentences[-1])
