"""What a run takes of each device: bytes of memory, and bytes that travel, from formulas."""

from __future__ import annotations

import dataclasses

from jaxw2v.devices.columns import local_width
from jaxw2v.devices.mesh import Shape
from jaxw2v.devices.storage_order import num_rows
from jaxw2v.losses.softmax import VOCABULARY_CHUNK
from jaxw2v.training.setup.row_slots import capacity, is_swept
from jaxw2v.training.setup.sizes import Plan

FLOAT = INT = 4
# Bytes a token for masks, offsets, and ids and sentences as they are compacted and in blocks.
CUTTING = 25


@dataclasses.dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes by kind, for each device of a mesh.

    Letters: R rows of a table, D components, M output rows that a block reads.

    Attributes:
      plan: the sizes.
      mesh: devices along data, vocab and dim.
      vocabulary_size: V, words.
      embedding_dim: D, components.
      input_rows_per_block: rows of the input table that a block reads.
      rows_per_block: M, rows of the output table that a block reads.
      scores_per_block: scores of a block that are exchanged where devices hold some columns of its
        rows or, if blocks read the whole output table, some rows of that table.
      moments: tables of moments for each table.
      row_moments: numbers that the optimizer keeps for each row; the default keeps one.
      row_sums: sums over the columns of a row that the optimizer takes.
      constant_bytes: the bytes of what is made from the vocabulary.
      every_input_row: gradients are added up over the whole input table.
      every_output_row: likewise over the output table.
      whole_outputs: blocks read the whole output table, and its whole gradient is summed.
      parts: P, in how many parts a micro-batch takes its pairs, at most; each part reads rows of
        the output table of its own.
      shared_rows: rows of n-grams, of which vectors of words are made; ``None`` makes none.
      exchange_sums: see :class:`~jaxw2v.devices.shards.Shards`.
    """

    plan: Plan
    mesh: Shape
    vocabulary_size: int
    embedding_dim: int
    input_rows_per_block: int
    rows_per_block: int
    scores_per_block: int
    moments: int
    row_moments: int
    row_sums: int
    constant_bytes: int
    every_input_row: bool
    every_output_row: bool
    whole_outputs: bool
    parts: int
    shared_rows: int | None = None
    exchange_sums: bool = False

    def with_smaller_exchange(self) -> Footprint:
        """With the exchange of gradients that moves fewer bytes."""
        rows, sums = (dataclasses.replace(self, exchange_sums=choice) for choice in (False, True))
        smaller = sums.traffic()["gradients"] < rows.traffic()["gradients"]
        return sums if smaller and self.mesh[0] > 1 else rows

    @property
    def _row(self) -> int:
        """Bytes of a row on one device."""
        return FLOAT * local_width(self.embedding_dim, self.mesh[2])

    @property
    def _takers(self) -> int:
        """Devices that take different blocks."""
        return self.mesh[0] * self.mesh[1]

    @property
    def _rows_here(self) -> int:
        return num_rows(self.vocabulary_size) // self.mesh[1]

    @property
    def _ngrams_here(self) -> int:
        """Rows of n-grams on one device."""
        return 0 if self.shared_rows is None else num_rows(self.shared_rows) // self.mesh[1]

    @property
    def _composed(self) -> int:
        """Words whose vectors a step makes of n-grams, at most."""
        if self.shared_rows is None:
            return 0
        ids = self.plan.blocks_per_step * self.input_rows_per_block
        return capacity(ids, num_rows(self.vocabulary_size), self.plan.rows_per_pass)

    @property
    def _blocks_here(self) -> int:
        """Blocks of a micro-batch on one device."""
        return -(-self.plan.blocks_per_micro_batch // self._takers)

    @property
    def _widths(self) -> tuple[int, int]:
        """Rows of each table that a block reads."""
        return self.input_rows_per_block, self.rows_per_block

    @property
    def _slots(self) -> tuple[int, int]:
        """Rows whose gradients are added up: of tables that are swept, and of others."""
        blocks, passes, here = self.plan.blocks_per_step, self.plan.rows_per_pass, self._rows_here
        swept = picked = 0
        every = self.every_input_row, self.every_output_row
        for width, whole in zip(self._widths, every, strict=True):
            if whole or is_swept(blocks * width, here, passes):
                swept += here
            else:
                picked += capacity(blocks * width, here, passes)
        return swept, picked

    def memory(self) -> dict[str, int]:
        """Bytes of each device's memory at the peak of a step.

        Returns:
          tables: 2 R/vocab D/dim floats, and as many columns of each row of n-grams.
          moments: as much for each kind of moment, and what is kept for each row.
          vocabulary: what stands for each word: keep thresholds, noise, scratch.
          tokens: a chunk's ids and sentences as they came, and in blocks.
          step: sums of gradients, with the larger of a micro-batch (rows read, their gradients and
            scores, on this device and joined) and a pass of the optimizer; or, if that is more,
            what it takes to join the parts of a chunk and cut it into blocks before.
        """
        plan, row = self.plan, self._row
        devices = self._takers
        widths, here = sum(self._widths), self._blocks_here
        joined = here * (self.mesh[1] if self.exchange_sums else devices)
        rows_read = (here + (joined if devices > 1 else here)) * widths * row
        scored = self.rows_per_block
        if self.whole_outputs:
            scored = self.mesh[1] * min(VOCABULARY_CHUNK, self._rows_here)
        scores = 2 * here * plan.block_length * scored * FLOAT
        swept, picked = self._slots
        row_moment_bytes = FLOAT * self.row_moments
        one_pass = (
            2 * ((1 + self.moments) * row + row_moment_bytes) * min(plan.rows_per_pass, picked)
        )
        of_words = 2 * self._rows_here
        tables = of_words * row
        in_blocks = 2 * INT
        joined_tokens = 2 * INT if devices > 1 else 0
        cutting = plan.chunk_tokens * (joined_tokens + CUTTING - in_blocks)
        # The vectors, and what they are summed from or what their words moved by.
        made = 2 * self._composed * row
        step = (swept + picked) * row + made + max(rows_read + scores, one_pass)
        return {
            "tables": tables + self._ngrams_here * row,
            "moments": self.moments * tables + of_words * row_moment_bytes,
            "vocabulary": self.constant_bytes + INT * of_words,
            "tokens": plan.chunk_tokens * (2 * INT // devices + in_blocks),
            "step": max(step, cutting),
        }

    @property
    def peak(self) -> int:
        """Bytes of memory of all kinds in a step or, if that is more, at the end of an epoch.

        At the end of an epoch tables are put in the order of the words: one at a time on its way to
        the host. Where tables are sharded three are counted, both and room for one more, and where
        columns are, whole rows of tables and moments besides.
        """
        return self._peak(whole_tables=1)

    @property
    def peak_on_cpu(self) -> int:
        """The same where the device is the host: both tables stay there in the order of words."""
        return self._peak(whole_tables=2)

    def _peak(self, whole_tables: int) -> int:
        """The peak, with so many tables in the order of the words if they are not sharded."""
        memory = self.memory()
        is_sharded = self.mesh[1] * self.mesh[2] > 1
        ordered = memory["tables"] // 2 * (3 if is_sharded else whole_tables)
        if self.mesh[2] > 1:
            ordered += memory["tables"] + memory["moments"]
        return sum(memory.values()) + max(0, ordered - memory["step"])

    def traffic(self) -> dict[str, int]:
        """Bytes of the results of all communication in a step, on each device, at most.

        Returns:
          ids: gathered words of the step's blocks.
          lookups: gathered ids and scattered rows of both tables, if tables are sharded; or of the
            output table, and twice the vectors that are made of n-grams.
          gradients: gathered rows, or twice the sums that are reduced.
          scores: twice those that are summed over columns, and the squares of rows that the
            optimizer looks at; where the whole output table is sharded, hidden vectors, twice their
            gradients, and the scores and sums by which devices agree on a softmax.
        """
        plan, row = self.plan, self._row
        data, vocab, dim = self.mesh
        input_width, output_width = self._widths
        here, widths = self._blocks_here, input_width
        if not self.whole_outputs:
            widths += self.parts * output_width
        micro_batches = plan.blocks_per_step // plan.blocks_per_micro_batch
        scores = 0
        if dim > 1:
            scores = here * micro_batches * self.parts * self.scores_per_block
            scores += sum(self._slots) * self.row_sums
        if data * vocab == 1:
            return {"ids": 0, "lookups": 0, "gradients": 0, "scores": 2 * scores * FLOAT}
        blocks = here * data * vocab * micro_batches
        of_vocab = here * vocab * micro_batches if vocab > 1 else 0
        wanted = of_vocab * widths
        looked_up = wanted - (of_vocab * input_width if self._composed else 0)
        gradients = blocks * widths * row
        if self.exchange_sums:
            summed = sum(self._slots) - (self._rows_here if self.whole_outputs else 0)
            gradients = wanted * row + 2 * summed * row
        if self.whole_outputs and data > 1:
            gradients += 2 * self._rows_here * row
        hidden = 0
        if self.whole_outputs and vocab > 1:
            hidden = 3 * of_vocab * plan.block_length * row
            scores += of_vocab * (self.scores_per_block + 2 * plan.block_length)
        return {
            "ids": blocks * widths * INT,
            "lookups": looked_up * (INT + row) + (2 * self._composed * row if vocab > 1 else 0),
            "gradients": gradients,
            "scores": hidden + 2 * scores * FLOAT,
        }
