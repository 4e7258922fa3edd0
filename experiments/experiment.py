"""What every experiment has: a results file, a smoke run, a measurement, a command line."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import tyro

from experiments import results_file
from jaxw2v import InputError

Parts = Mapping[str, Callable[[], object]]
"""By name of its entry in the results file: what gives a part's results."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Experiment:
    """Settings of an experiment, from which its options are made, and what it does.

    A subclass has fields for its settings, says what they need (:meth:`check`), what its parts are
    (:meth:`work`) and what is drawn and printed of their results (:meth:`show`). One that writes
    its results as a whole overrides :meth:`execute`.
    """

    RESULTS: ClassVar[str] = "results.json"
    """Name of the results file, in the folder of the experiment."""
    SMOKE: ClassVar[Mapping[str, Any]] = {}
    """Settings of a smoke run; what differs from its default is kept."""

    results: Path | None = None
    """File that receives the results, with pictures beside it (default: results.json of the
    experiment; for a smoke run, in a new temporary folder)."""
    smoke: bool = False
    """Little of everything, to see that it runs; the figures mean nothing."""

    def __post_init__(self) -> None:
        if self.smoke:
            for field in dataclasses.fields(self):
                if field.name in self.SMOKE and getattr(self, field.name) == field.default:
                    object.__setattr__(self, field.name, self.SMOKE[field.name])
        if self.results is None:
            folder = Path(inspect.getfile(type(self))).parent
            if self.smoke:
                folder = Path(tempfile.mkdtemp(prefix="smoke_"))
                print(f"smoke run: results go to {folder / self.RESULTS}", file=sys.stderr)
            object.__setattr__(self, "results", folder / self.RESULTS)

    def check(self) -> None:
        """Makes sure, before hours of work, that the settings can be followed.

        Raises:
          InputError: they cannot.
        """

    def work(self) -> Parts:
        """The parts that are asked for; other parts stay in the results file.

        Returns:
          The parts.
        """
        raise NotImplementedError

    def execute(self) -> None:
        """Does the work and writes the results, after each part."""
        for name, part in self.work().items():
            results_file.store(self.results, name, part())

    def show(self, results: dict) -> None:
        """Draws and prints what was found.

        Args:
          results: the content of the results file.
        """

    def measure(self) -> dict:
        """Checks, does the work, shows the results.

        Returns:
          The content of the results file.

        Raises:
          InputError: the settings cannot be followed.
        """
        results_file.check_folder(self.results)
        self.check()
        self.execute()
        results = results_file.read(self.results)
        self.show(results)
        return results

    @classmethod
    def main(cls, description: str) -> None:
        """Runs the experiment with the settings of the command line.

        Args:
          description: shown by ``--help``.

        Raises:
          SystemExit: with code 2, the settings name something that cannot be read or done; with
            code 130, Ctrl-C was pressed.
        """
        if "__dataclass_fields__" not in vars(cls):
            raise TypeError(f"{cls.__name__} needs @dataclasses.dataclass(frozen=True)")
        try:
            tyro.cli(cls, description=description).measure()
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            print("interrupted; results of the parts that were done are kept", file=sys.stderr)
            raise SystemExit(130) from None
