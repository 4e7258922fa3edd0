"""What a compiled program does, read from the compiler's text. Pure.

Counted are leaf operations, each of them a kernel: what a loop does as often as it goes round, of a
conditional the branch that does most, a fusion once. Nothing is counted for tuples, views of arrays
and constants, nor for asynchronous copies, which a TPU makes between its memories beside its work.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.-]+) \([^\n]*\{\n(.*?)^\}", re.M | re.S)
_OPERATION = re.compile(r"^\s*(?:ROOT )?%?([\w.-]+) = (.*?) ([\w-]+)\((.*)$", re.M)
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\](?:\{([^}]*)\})?")
_BYTES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s64": 8, "u64": 8, "f64": 8}
_ASYNCHRONOUS_COPIES = ("copy", "slice", "dynamic-slice")
_VIEWS = {"after-all", "bitcast", "get-tuple-element", "opt-barrier", "parameter", "tuple"}
_CONSTANTS = {"constant", "partition-id", "replica-id"}
_COPYING = {f"{kind}-{end}" for kind in _ASYNCHRONOUS_COPIES for end in ("start", "done", "update")}
_FREE = _VIEWS | _CONSTANTS | _COPYING
COLLECTIVES = (
    "all-gather",
    "all-reduce",
    "reduce-scatter",
    "all-to-all",
    "collective-permute",
    "ragged-all-to-all",
)


class Array(NamedTuple):
    """An array in the text.

    Attributes:
      bytes: its size.
      shape: its lengths.
      in_main_memory: whether it lies there, and not in a memory of the chip.
    """

    bytes: int
    shape: tuple[int, ...]
    in_main_memory: bool


class Operation(NamedTuple):
    """A line of a computation.

    Attributes:
      name: its name, of which there is one in a computation.
      kind: such as ``fusion``.
      results: the arrays that it makes.
      operands: the names of what it reads.
      attributes: the rest of the line.
    """

    name: str
    kind: str
    results: tuple[Array, ...]
    operands: tuple[str, ...]
    attributes: str

    def computations(self, *attributes: str) -> list[str]:
        """The names of the computations that it calls.

        Args:
          attributes: the attributes that name them, such as ``body``.

        Returns:
          The names.
        """
        found = []
        for attribute in attributes:
            match = re.search(rf"\b{attribute}=(?:\{{([^}}]*)\}}|%?([\w.-]+))", self.attributes)
            if match:
                found += re.findall(r"[\w.-]+", match[1] or match[2])
        return found

    @property
    def branches(self) -> list[str]:
        """The computations of which a conditional does one."""
        return self.computations("branch_computations", "true_computation", "false_computation")


class Program:
    """The computations of a compiled program.

    Attributes:
      computations: by name, the operations in order.
      entry: the name of the one that the host starts.
    """

    def __init__(self, text: str):
        """Reads the text.

        Args:
          text: of :meth:`jax.stages.Compiled.as_text`.
        """
        self.computations: dict[str, tuple[Operation, ...]] = {}
        self.entry = ""
        self._results: dict[str, dict[str, tuple[Array, ...]]] = {}
        for is_entry, name, body in _COMPUTATION.findall(text):
            operations = tuple(map(_operation, _OPERATION.findall(body)))
            self.computations[name] = operations
            self._results[name] = {o.name: o.results for o in operations}
            if is_entry:
                self.entry = name

    def leaves(self, computation: str) -> Iterator[tuple[str, Operation, int]]:
        """The leaf operations of a computation and of what it calls.

        Args:
          computation: its name.

        Yields:
          The computation in which the operation stands, the operation, and how often it is done;
          loops whose rounds are not known count one.
        """
        for operation in self.computations[computation]:
            if operation.kind == "while":
                rounds = self.rounds(operation) or 1
                for called in operation.computations("condition", "body"):
                    for where, leaf, times in self.leaves(called):
                        yield where, leaf, times * rounds
            elif operation.kind == "conditional":
                yield computation, operation, 1
                branches = [list(self.leaves(branch)) for branch in operation.branches]
                yield from max(branches, key=lambda leaves: sum(times for _, _, times in leaves))
            elif operation.kind in ("call", "async-start"):
                for called in operation.computations("to_apply", "calls"):
                    yield from self.leaves(called)
            elif operation.kind not in _FREE and not operation.kind.endswith("-done"):
                yield computation, operation, 1

    def loops(self, computation: str) -> Iterator[Operation]:
        """All loops of a computation and of what it calls.

        Args:
          computation: its name.

        Yields:
          Outer loops before those inside.
        """
        for operation in self.computations[computation]:
            if operation.kind == "while":
                yield operation
            if operation.kind in ("while", "conditional", "call"):
                for called in operation.computations("to_apply", "body") + operation.branches:
                    yield from self.loops(called)

    def rounds(self, loop: Operation) -> int | None:
        """How often a loop goes round.

        Args:
          loop: a ``while``.

        Returns:
          The rounds; ``None`` where they depend on what is computed.
        """
        known = re.search(r'known_trip_count":\{"n":"(\d+)"', loop.attributes)
        if known:
            return int(known[1])
        condition = self.computations[loop.computations("condition")[0]]
        bounds = [o.attributes for o in condition if o.kind == "constant"]
        number = re.match(r"(\d+)\)", bounds[0]) if len(bounds) == 1 else None
        return int(number[1]) if number else None

    def steps_loop(self) -> Operation:
        """The loop over the steps: of those whose rounds are not known, that which does most.

        Returns:
          A ``while``.
        """
        unknown = [loop for loop in self.loops(self.entry) if self.rounds(loop) is None]
        return max(unknown, key=self._size)

    def _size(self, loop: Operation) -> int:
        return sum(times for _, _, times in self.leaves(loop.computations("body")[0]))

    def collective_bytes(self, operation: Operation, where: str) -> int:
        """What a collective sends and receives.

        Args:
          operation: any operation.
          where: the computation in which it stands.

        Returns:
          Bytes of its operands or of its results, whichever are more; twice that for an
          all-reduce, which sends what it sums and then the sums; 0 for another operation.
        """
        kind = operation.kind.removesuffix("-start")
        if kind not in COLLECTIVES:
            return 0
        results = sum(array.bytes for array in operation.results)
        read = sum(array.bytes for array in self._operands(operation, where))
        if operation.kind.endswith("-start"):
            # The results of a start name the operands too.
            results -= read
        return max(results, read) * (2 if kind == "all-reduce" else 1)

    def row_bytes(self, operation: Operation, where: str, width: int) -> int:
        """What an operation reads and writes of rows in the main memory.

        Of an array from which rows are gathered, as much as is gathered; where rows are scattered,
        the row that is read and written for each.

        Args:
          operation: a leaf operation.
          where: the computation in which it stands.
          width: the components of a row.

        Returns:
          Bytes.
        """
        picked, whole = self._rows_picked(operation, where, width)
        arrays = [*self._operands(operation, where), *operation.results]
        moved = sum(a.bytes for a in arrays if _is_of_rows(a, width) and a.shape not in whole)
        return picked + moved

    def _rows_picked(
        self, operation: Operation, where: str, width: int
    ) -> tuple[int, set[tuple[int, ...]]]:
        """Bytes of single rows, and the shapes of the arrays that hold them."""
        inside: tuple[Operation, ...] = (operation,)
        for called in operation.computations("calls"):
            inside, where = self.computations[called], called
        shapes = self._results[where]
        picked, whole = 0, set[tuple[int, ...]]()
        for o in inside:
            if o.kind == "gather" and _is_of_rows(o.results[0], width):
                picked += o.results[0].bytes
                whole |= {a.shape for name in o.operands[:1] for a in shapes.get(name, ())}
            elif o.kind == "scatter" and _is_of_rows(o.results[0], width):
                updates = shapes.get(o.operands[-1], ())
                picked += 2 * sum(a.bytes for a in updates)
                whole.add(o.results[0].shape)
        return picked, whole

    def _operands(self, operation: Operation, where: str) -> list[Array]:
        shapes = self._results[where]
        return [array for name in operation.operands for array in shapes.get(name, ())]


def _operation(line: tuple[str, str, str, str]) -> Operation:
    name, results, kind, rest = line
    operands = tuple(re.findall(r"%([\w.-]+)", rest.split(")")[0]))
    return Operation(name, kind, tuple(map(_array, _ARRAY.findall(results))), operands, rest)


def _array(parts: tuple[str, str, str]) -> Array:
    kind, lengths, layout = parts
    shape = tuple(int(n) for n in lengths.split(",") if n)
    return Array(_BYTES.get(kind, 4) * math.prod(shape), shape, "S(" not in layout)


def _is_of_rows(array: Array, width: int) -> bool:
    return array.in_main_memory and len(array.shape) > 1 and array.shape[-1] == width
