"""Runs every cell of guide.py, and makes the notebook and the page of what comes out."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from experiments import results_file
from experiments.experiment import Experiment
from jaxw2v import InputError

HERE = Path(__file__).parent
GUIDE = HERE / "guide.py"
NOTEBOOK, PAGE = "guide.ipynb", "README.md"


@dataclasses.dataclass(frozen=True)
class FromTheGroundUp(Experiment):
    """Executes the guide; the notebook and the page stand beside the results."""

    def check(self) -> None:
        """What runs notebooks is there, and nothing of somebody else's would be replaced."""
        folder = self.results.parent
        for name in (PAGE, NOTEBOOK):
            if folder.resolve() != HERE and (folder / name).exists():
                raise InputError(f"{folder / name}: would be replaced; choose another folder")
        try:
            import ipykernel  # noqa: F401
            import jupytext  # noqa: F401
            import nbclient  # noqa: F401
            import nbconvert  # noqa: F401
        except ImportError as error:
            raise InputError(f"{error.name} is not installed; pip install 'jaxw2v[docs]'") from None

    def execute(self) -> None:
        """Runs the cells in a process of their own."""
        import jupytext
        import nbformat
        from nbclient import NotebookClient
        from nbconvert import MarkdownExporter

        notebook = jupytext.read(GUIDE)
        begun = time.perf_counter()
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": HERE}}
        ).execute()
        seconds = time.perf_counter() - begun
        notebook.metadata = {
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        }
        for number, cell in enumerate(notebook.cells):
            cell.id, cell.metadata = f"cell{number}", {}
            if cell.cell_type == "code":
                # Warnings of libraries name folders of this machine.
                cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        folder = self.results.parent
        nbformat.write(notebook, folder / NOTEBOOK)
        page, resources = MarkdownExporter().from_notebook_node(notebook)
        for name, picture in resources["outputs"].items():
            (folder / name).write_bytes(picture)
        (folder / PAGE).write_text(page.strip() + "\n", encoding="utf-8")
        cells = sum(cell.cell_type == "code" for cell in notebook.cells)
        results_file.write(self.results, {"seconds": seconds, "cells": cells})

    def show(self, results: dict) -> None:
        """Says how long it took."""
        print(f"{results['cells']} cells in {results['seconds']:.0f} s")


if __name__ == "__main__":
    FromTheGroundUp.main(__doc__)
