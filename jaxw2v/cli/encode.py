"""``jaxw2v encode``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from jaxw2v.cli.options import StreamSettings, described
from jaxw2v.progress import say


@described
@dataclasses.dataclass(frozen=True)
class Encode(StreamSettings):
    """Turns text into a token stream once, for many runs of jaxw2v train.

    It goes on where an interrupted one stopped.
    """

    corpus: tyro.conf.Positional[tuple[str, ...]]
    """Files or globs, as those of jaxw2v train."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Folder for the token stream; give it to jaxw2v train as the corpus."""
    overwrite: bool = False
    """Replace a token stream of other text or settings."""

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.corpus import Files, encode_corpus

        out = self.out.expanduser()
        stream = encode_corpus(Files(self.corpus), out, self.settings, self.overwrite)
        say(
            f"{out}: {len(stream):,} tokens of {stream.raw_words:,} words, "
            f"{len(stream.vocabulary):,} different ones, in {len(stream.shards)} "
            f"shard{'s' * (len(stream.shards) > 1)}"
        )
