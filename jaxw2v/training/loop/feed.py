"""Hands chunks of the token stream to the device: kept there, or read while another one runs."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jaxw2v.corpus import TokenStream
from jaxw2v.devices.layout import Layout
from jaxw2v.training.step.batch import Chunk

if TYPE_CHECKING:
    import jax

# Chunks that are read, or being read, while another one is trained on.
CHUNKS_AHEAD = 2


class FedChunk(NamedTuple):
    """A chunk on the device.

    Attributes:
      number: the index of the chunk in the stream.
      covered: tokens of the stream it covers, those held out counted.
      chunk: the arrays.
    """

    number: int
    covered: int
    chunk: Chunk[jax.Array]


class Feed:
    """Reads chunks of a stream in a background thread.

    An error in the thread is raised in the loop that reads from the feed.

    Attributes:
      num_chunks: chunks in an epoch.
    """

    def __init__(
        self,
        stream: TokenStream,
        chunk_tokens: int,
        layout: Layout,
        held_out: np.ndarray | None = None,
        resident: bool = False,
    ):
        """Prepares a feed; nothing is read yet.

        Args:
          stream: the corpus.
          chunk_tokens: tokens in a chunk; the last one of the stream is padded.
          layout: the devices; a process reads what its own devices get.
          held_out: bool [sentences], sentences to leave out; ``None`` keeps all.
          resident: keep every chunk on the devices once it has been read.
        """
        self._stream = stream
        self._chunk_tokens = chunk_tokens
        self._layout = layout
        self._held_out = held_out
        self._kept: dict[int, FedChunk] | None = {} if resident else None
        self.num_chunks = -(-len(stream) // chunk_tokens)

    def read(self, index: int) -> FedChunk:
        """Reads one chunk and starts its copy to the device.

        Args:
          index: which one.

        Returns:
          The chunk.
        """
        if self._kept is None:
            return self._fetch(index)
        if index not in self._kept:
            self._kept[index] = self._fetch(index)
        return self._kept[index]

    def _fetch(self, index: int) -> FedChunk:
        start = index * self._chunk_tokens
        stop = min(start + self._chunk_tokens, len(self._stream))

        def read(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
            return self._read(min(start + first, stop), min(start + last, stop), last - first)

        arrays = self._layout.put_tokens(self._chunk_tokens, read)
        return FedChunk(index, stop - start, Chunk(*arrays))

    def _read(self, start: int, stop: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids and sentences from ``start`` to ``stop``, padded to ``size``."""
        ids, sentence_ids = self._stream.read(start, stop)
        if self._held_out is not None:
            ids = np.where(self._held_out[sentence_ids], -1, ids)
        padding = (0, size - (stop - start))
        ids, sentence_ids = (
            np.pad(part, padding, constant_values=-1) for part in (ids, sentence_ids)
        )
        return ids, sentence_ids

    def epoch(self, order: np.ndarray) -> Iterator[FedChunk]:
        """Reads chunks ahead of their use.

        Args:
          order: int [num_chunks], the chunks in the order in which they are wanted.

        Yields:
          The chunks.
        """
        with ThreadPoolExecutor(1, "jaxw2v-feed") as reader:
            ahead: collections.deque[Future[FedChunk]] = collections.deque()
            try:
                for index in order:
                    ahead.append(reader.submit(self.read, int(index)))
                    if len(ahead) > CHUNKS_AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                reader.shutdown(cancel_futures=True)
