"""``jaxw2v datasets``: texts and vectors that can be had by name."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Datasets:
    """Lists texts to train on and published vectors, which are downloaded by name when asked for.

    The addresses could not be tried where this program is made. A file whose checksum is not the
    one recorded here (for vectors, the one that gensim states) is refused.
    """

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.corpus.downloads import DOWNLOADS
        from jaxw2v.vectors.files.published import PUBLISHED

        print("texts (jaxw2v train NAME):")
        print("  builtin       the documentation of installed Python packages; no network")
        for name, text in DOWNLOADS.items():
            print(f"  {name:12}  {text.url}")
        print("vectors (jaxw2v neighbors NAME WORD, --init-from NAME, jaxw2v.load):")
        width = max(map(len, PUBLISHED))
        for name, found in PUBLISHED.items():
            shape = f"{found.words:>9,} x {found.dim:<3}"
            print(f"  {name:{width}}  {found.size / 1e6:>5,.0f} MB  {shape}  {found.about}")
            print(f"  {'':{width}}  licence: {found.licence}")
