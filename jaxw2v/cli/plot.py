"""``jaxw2v plot``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro

from jaxw2v.cli.options import described
from jaxw2v.cli.out_path import check_out
from jaxw2v.cli.results import Reading
from jaxw2v.epoch_records import read_epochs
from jaxw2v.errors import InputError
from jaxw2v.progress import say


@described
@dataclasses.dataclass(frozen=True)
class Plot(Reading):
    """Draws words in the plane, on a page to pan, zoom and search, or as a picture.

    The page of a run has its losses, its speed and neighbors by epoch too. With --metrics, the
    loss curves of runs as a picture.
    """

    folders: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="DIR")]
    """Folder that jaxw2v train wrote, or a file of vectors; with --metrics, one folder or more."""
    words: Annotated[str, tyro.conf.arg(metavar="FILE|top-N")] = "top-200"
    """A file of words, or the N most frequent ones."""
    method: Literal["pca", "tsne"] = "pca"
    """How they are laid in the plane: the two directions of most variance, or t-SNE, which keeps
    neighbors together."""
    metrics: bool = False
    """Draw the loss of each epoch instead of words."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """File to write: .html for the page, or .png; plot.html or, with --metrics, plot.png, if none
    is given."""
    overwrite: bool = False
    """Replace the file if it exists."""

    def run(self) -> None:
        """Runs the command."""
        out = (self.out or Path("plot.png" if self.metrics else "plot.html")).expanduser()
        ending = out.suffix.lower()
        if ending not in ((".png",) if self.metrics else (".png", ".html")):
            raise InputError(f"{out}: must end in .png" + " or .html" * (not self.metrics))
        check_out(out, self.overwrite)
        if not self.folders or (len(self.folders) > 1 and not self.metrics):
            raise InputError("plot takes one folder, or with --metrics one or more")
        if self.metrics:
            self._refuse_what_has_no_effect()
        try:
            from jaxw2v import plots
        except ModuleNotFoundError as error:
            raise InputError(
                f"plot needs {error.name}, which is not installed; pip install 'jaxw2v[viz]'"
            ) from None
        if self.metrics:
            plots.draw_curves(self.folders, out)
            say(f"{out}: loss curves of {len(self.folders)} runs")
            return
        (folder,) = self.folders
        wv = self.read(folder)
        projection = plots.project(wv, plots.choose_words(wv, self.words), self.method)
        count = len(projection.words)
        name = {"pca": "PCA", "tsne": "t-SNE"}[self.method]
        title = f"{count} words of {folder}, {name}"
        if ending == ".png":
            labels = plots.draw_words(projection, out, title)
            say(f"{out}: {count} words, {labels} of them with a label")
            return
        # A checkpoint's vectors are not those of the epochs that followed.
        epochs = read_epochs(folder.expanduser()) if self.checkpoint is None else []
        plots.write_page(projection, wv, out, title, epochs)
        of_run = f", losses and neighbors of {len(epochs)} epochs" if epochs else ""
        say(f"{out}: {count} words{of_run}; open it in a browser")

    def _refuse_what_has_no_effect(self) -> None:
        for field in dataclasses.fields(self):
            of_words = field.name in ("words", "method", "checkpoint", "limit", "errors")
            if of_words and getattr(self, field.name) != field.default:
                raise InputError(f"{field.name} has no effect with --metrics; leave it out")
