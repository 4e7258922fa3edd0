"""``jaxw2v train``."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from jaxw2v.cli.first_imports import first_imports
from jaxw2v.cli.glance import describe_training
from jaxw2v.cli.options import RunSettings, Saving, described
from jaxw2v.config import Checkpointing
from jaxw2v.errors import InputError
from jaxw2v.freed_memory import give_back_large_arrays
from jaxw2v.progress import say

if TYPE_CHECKING:
    from jaxw2v.vectors import WordVectors

BUILTIN_PROBES = ("array", "file", "thread")


@described
@dataclasses.dataclass(frozen=True)
class Devices:
    """Where the run takes place."""

    mesh: str | None = None
    """Devices as DATAxVOCAB or DATAxVOCABxDIM, such as 4x2 or 1x1x8: DATA replicas of the tables,
    each cut into VOCAB parts by rows and DIM parts by columns; None takes all accelerators that
    the blocks of a step suffice for, in the way that moves the fewest bytes, or one CPU device."""
    distributed: bool = False
    """Join the other processes of a run; Slurm, Kubernetes, Open MPI and Cloud TPU say by
    themselves which those are."""
    coordinator: str | None = None
    """Elsewhere: address and port of the first process, HOST:PORT."""
    num_processes: int | None = None
    """Elsewhere: how many processes there are (processes)."""
    process_id: int | None = None
    """Elsewhere: which one this is, from 0 (integer)."""
    compilation_cache: bool = True
    """Keep compiled programs beside the cached corpora, so that the next run starts sooner."""

    def join(self) -> None:
        """Joins the other processes, if there are any."""
        places = {
            "--coordinator": self.coordinator,
            "--num-processes": self.num_processes,
            "--process-id": self.process_id,
        }
        given = [name for name, value in places.items() if value is not None]
        if given and not self.distributed:
            raise InputError(f"{given[0]} has an effect with --distributed only; give that too")
        if given and len(given) < len(places):
            missing = " and ".join(name for name in places if name not in given)
            raise InputError(f"{given[0]} needs {missing} as well")
        if self.distributed:
            from jaxw2v.devices.processes import join

            join(self.coordinator, self.num_processes, self.process_id)


@described
@dataclasses.dataclass(frozen=True)
class Train(RunSettings):
    """Trains word vectors on text and writes them to a folder."""

    corpus: tyro.conf.Positional[tuple[str, ...]] = ()
    """Text files or globs, one sentence or paragraph a line, csv, tsv or JSON lines, each plain or
    in .gz .bz2 .xz .zst or a .zip of one file; - for standard input; parquet or arrow files; the
    folder of jaxw2v encode; or one of builtin, text8, wikitext-103. Nothing: builtin, the
    documentation strings of the installed Python packages."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("vectors")
    """Folder that receives the vectors, the vocabulary, the settings, metrics.jsonl and
    checkpoints."""
    overwrite: bool = False
    """Replace a run that the folder already holds; other files in it stay."""
    resume: bool = False
    """Go on with the run in the folder from its newest checkpoint, or start if there is none."""
    init_from: Annotated[Path | None, tyro.conf.arg(metavar="VECTORS")] = None
    """Vectors to start from, for the words that they hold: the folder of a run, or a file in
    word2vec's, GloVe's or fastText's format, or safetensors."""
    continue_from: Annotated[Path | None, tyro.conf.arg(metavar="RUN")] = None
    """Train the tables of an earlier run further on this text: old words keep their ids, new ones
    are appended; settings that are not given are the earlier run's, but for those of files and
    vocabulary size, length, rate, tokens a step, seed, determinism, frozen rows, validation and
    probe words."""
    keep_vocabulary: bool = False
    """Append no words to those of --continue-from."""
    validation: str | None = None
    """File of held-out text whose loss is measured each epoch."""
    quiet: bool = False
    """Say nothing but warnings, errors and what is downloaded."""
    devices: tyro.conf.OmitArgPrefixes[Devices] = dataclasses.field(default_factory=Devices)
    saving: tyro.conf.OmitArgPrefixes[Saving] = dataclasses.field(default_factory=Saving)

    def run(self) -> None:
        """Runs the command."""
        with first_imports():
            from jaxw2v.corpus import Files
            from jaxw2v.training import is_first, train

        give_back_large_arrays()
        names, config = self.corpus or ("builtin",), self.config
        checkpointing = Checkpointing(**vars(self.saving))
        self.devices.join()
        if self.devices.compilation_cache:
            _keep_compiled_programs()
        if names == ("builtin",) and not os.path.exists("builtin"):
            probes = config.probe_words or BUILTIN_PROBES
            config = dataclasses.replace(config, probe_words=probes)
        corpus = names[0] if len(names) == 1 else Files(names)
        wv = train(
            corpus,
            config,
            out=self.out,
            overwrite=self.overwrite,
            resume=self.resume,
            init_from=self.init_from,
            continue_from=self.continue_from,
            keep_vocabulary=self.keep_vocabulary,
            checkpointing=checkpointing,
            validation=self.validation,
            mesh=self.devices.mesh,
            show_progress=not self.quiet,
        )
        if is_first() and not self.quiet:
            self._conclude(wv, config.probe_words)

    def _conclude(self, wv: WordVectors, probes: tuple[str, ...]) -> None:
        """Says what came of the run, and what can be done with it."""
        from jaxw2v.training.loop.probes import choose_probes

        say(f"{self.out}: {len(wv):,} vectors of {wv.vectors.shape[1]} components")
        for line in describe_training(self.out.expanduser()):
            say(f"  {line}")
        folder = shlex.quote(str(self.out))
        words = (*probes, *choose_probes(wv.vocabulary), *wv.words[:1])
        say("next:")
        say(f"  jaxw2v neighbors {folder} {shlex.quote(words[0])}")
        say(f"  jaxw2v evaluate {folder} --similarity FILE --analogies FILE")
        say(f"  jaxw2v plot {folder} --out {folder}.html")


def _keep_compiled_programs() -> None:
    import jax

    from jaxw2v.corpus.cache import cache_folder

    # A folder that the user gave JAX is left as it is.
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined, unused-ignore]
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
