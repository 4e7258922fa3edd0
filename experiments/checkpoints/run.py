"""Runs that are killed, damaged, moved to other meshes and timed. See README.md."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import jax

import jaxw2v
from experiments import markdown, results_file
from experiments.experiment import Experiment, Parts
from jaxw2v.run_folder import steps_in
from jaxw2v.training.checkpoints import resume
from jaxw2v.training.checkpoints.reader import read_record

# Where a run is stopped and where it goes on: devices along data, vocab and dim, and processes.
MOVES = (
    (("8x1", 1), ("1x1", 1)),
    (("1x8", 1), ("1x1", 1)),
    (("1x1", 1), ("8x1", 1)),
    (("1x1", 1), ("1x8", 1)),
    (("4x2", 1), ("1x8", 1)),
    (("1x2", 2), ("1x1", 1)),
    (("1x1", 1), ("1x2", 2)),
)


@dataclasses.dataclass(frozen=True)
class Checkpoints(Experiment):
    """Kills, damages, moves and times runs that save checkpoints."""

    SMOKE: ClassVar[dict] = {"kills": 1, "rounds": 1}

    corpus: Path
    """Text file, one sentence or paragraph a line."""
    parts: tuple[Literal["kill", "terminate", "meshes", "damages", "disk", "cost"], ...] = (
        "kill",
        "terminate",
        "meshes",
        "damages",
        "disk",
        "cost",
    )
    """What to do."""
    kills: int = 24
    """Times that a run is killed (kills)."""
    megabytes: float = 24.0
    """Text of the runs that are killed, from the front of the corpus (MB)."""
    rounds: int = 5
    """Runs with and without checkpoints, in alternation, for the cost (runs)."""

    def work(self) -> Parts:
        """What is asked for."""
        return {part: results_file.in_folder(WORK[part], self) for part in self.parts}


def command(corpus: Path, out: Path, *options: object) -> list[str]:
    """The words that start a run.

    Args:
      corpus: the text.
      out: its folder.
      options: further arguments.

    Returns:
      The command.
    """
    words = ["-m", "jaxw2v", "train", corpus, "--out", out, *options]
    return [sys.executable, *map(str, words)]


def start(words: list[str], devices: int = 1) -> subprocess.Popen:
    """Starts a run on virtual devices.

    Args:
      words: the command.
      devices: of the process.

    Returns:
      The process.
    """
    flag = f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flag}
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(words, env=environment, **pipe)


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    """Exit code, and what a process printed on both outputs, when it has ended."""
    out, err = process.communicate()
    return process.returncode, out, err


def digest(folder: Path) -> str:
    """SHA-256 of the vectors of a run, its first 16 digits."""
    return hashlib.sha256((folder / "vectors.safetensors").read_bytes()).hexdigest()[:16]


def is_saving(folder: Path) -> bool:
    """Whether a checkpoint is half-written."""
    return any("tmp" in path.name for path in (folder / "checkpoints").glob("*"))


def kill(settings: Checkpoints, folder: Path) -> dict:
    """Kills runs at random moments, every second time in the middle of a save.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      What happened.
    """
    text = front(settings, folder)
    options = ["--resume", "--epochs", 3, "--validation-share", 0.01, "--checkpoint-steps", 40]
    reference = folder / "whole"
    began = time.perf_counter()
    subprocess.run(command(text, reference, *options), check=True, capture_output=True)
    duration = time.perf_counter() - began
    rng = random.Random(0)
    kills, digests = [], []
    wanted = settings.kills
    while len(kills) < wanted or not digests:
        run = folder / f"run{len(digests)}"
        process = start(command(text, run, *options))
        began = time.perf_counter()
        in_save = len(kills) % 2 == 1
        moment = rng.uniform(0, duration) if not in_save else rng.uniform(0, 0.05)
        while process.poll() is None and len(kills) < wanted:
            waited = time.perf_counter() - began
            if in_save and not is_saving(run):
                began = time.perf_counter()
            elif waited >= moment:
                process.kill()
            time.sleep(0.0005)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            kills.append(
                {
                    "run": len(digests),
                    "aimed_at_a_save": in_save,
                    "in_a_save": is_saving(run),
                    "checkpoints": len(steps_in(run / "checkpoints")),
                }
            )
            print(kills[-1])
        elif process.returncode == 0:
            digests.append(digest(run))
        else:
            raise RuntimeError(f"a run ended with {process.returncode}")
    expected = digest(reference)
    return {
        "kills": len(kills),
        "in_a_save": sum(kill["in_a_save"] for kill in kills),
        "before_any_checkpoint": sum(kill["checkpoints"] == 0 for kill in kills),
        "runs": len(digests),
        "runs_with_the_same_bits": sum(found == expected for found in digests),
        "sha256": expected,
        "each": kills,
    }


def front(settings: Checkpoints, folder: Path) -> Path:
    """The front of the corpus as a file.

    Args:
      settings: the settings.
      folder: receives the file.

    Returns:
      The file.
    """
    path = folder / "front.txt"
    with open(settings.corpus, "rb") as corpus:
        path.write_bytes(corpus.read(int(1e6 * settings.megabytes)).rpartition(b"\n")[0])
    return path


def wait_for_an_epoch(folder: Path) -> None:
    """Waits until the first epoch of a run has been written."""
    while not (folder / "metrics.jsonl").exists():
        time.sleep(0.01)


def terminate(settings: Checkpoints, folder: Path) -> dict:
    """What a person sees who terminates a run and resumes it.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      The transcript.
    """
    text, transcript = front(settings, folder), {}
    for name, options in (("killed by TERM", ()), ("resumed", ("--resume",))):
        process = start(command(text, folder / "run", "--epochs", 4, *options))
        if not options:
            wait_for_an_epoch(folder / "run")
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
        lines = [line.split("\r")[-1].strip() for line in (out + err).split("\n")]
        said = [line for line in lines if line and "%|" not in line]
        transcript[name] = {"exit_code": process.returncode, "said": said}
        print(json.dumps(transcript[name], indent=2))
    return transcript


def move(settings: Checkpoints, folder: Path) -> list[dict]:
    """Stops runs on one mesh and resumes them on another.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      A record for each move.
    """
    text = front(dataclasses.replace(settings, megabytes=settings.megabytes / 4), folder)
    options = ["--epochs", 3]
    subprocess.run(command(text, folder / "whole", *options), check=True, capture_output=True)
    records = []
    for number, (before, after) in enumerate(MOVES[: 1 if settings.smoke else None]):
        run = folder / f"move{number}"
        stopped = start_all(text, run, before, options)
        wait_for_an_epoch(run)
        stopped[0].send_signal(signal.SIGTERM)
        codes = [finish(process)[0] for process in stopped]
        step = steps_in(run / "checkpoints")[0]
        read = [
            json.loads(finish(process)[1].splitlines()[-1])
            for process in start_all(text, run, after, options, module="load")
        ]
        resumed = start_all(text, run, after, [*options, "--resume"])
        codes += [finish(process)[0] for process in resumed]
        record = {
            "before": name_of(before),
            "after": name_of(after),
            "exit_codes": codes,
            "step": step,
            "checksums_right": all(part["step"] == step for part in read),
            "rows_of_a_device": read[0]["part"][0],
            "mib_read_by_process": [round(part["bytes"] / 2**20, 1) for part in read],
            "same_bits_at_the_end": digest(run) == digest(folder / "whole"),
        }
        print(record)
        records.append(record)
    return records


def name_of(place: tuple[str, int]) -> str:
    """A place in words."""
    mesh, count = place
    return mesh if count == 1 else f"{mesh} in {count} processes"


def start_all(
    text: Path, out: Path, place: tuple[str, int], options: list, module: str = "run"
) -> list[subprocess.Popen]:
    """Starts the processes of a run, or those that only load its checkpoint.

    Args:
      text: the corpus.
      out: folder of the run.
      place: mesh and processes.
      options: further arguments.
      module: ``run`` trains, ``load`` loads.

    Returns:
      The processes.
    """
    mesh, count = place
    data, vocab = map(int, mesh.split("x"))
    words = command(text, out, "--mesh", mesh, *options)
    if module == "load":
        words = [sys.executable, "-m", "experiments.checkpoints.load", str(text), str(out), mesh]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    joined = ["--coordinator", f"localhost:{port}", "--num-processes", str(count), "--process-id"]
    if module == "run":
        joined.insert(0, "--distributed")
    return [
        start(words if count == 1 else [*words, *joined, str(i)], data * vocab // count)
        for i in range(count)
    ]


DAMAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "missing": lambda path: path.unlink(),
    "16 bytes flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
}


def flipped(content: bytes) -> bytes:
    """Content with 16 bytes in its middle flipped."""
    middle = len(content) // 2
    changed = bytes(byte ^ 0x55 for byte in content[middle : middle + 16])
    return content[:middle] + changed + content[middle + 16 :]


def damage(settings: Checkpoints, folder: Path) -> list[dict]:
    """Damages every file of the newest of two checkpoints, one at a time, in four ways.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      What became of each.
    """
    text = front(dataclasses.replace(settings, megabytes=settings.megabytes / 8), folder)
    options = ["--epochs", 2, "--checkpoint-epochs", 1]
    subprocess.run(command(text, folder / "whole", *options), check=True, capture_output=True)
    newest, before = steps_in(folder / "whole" / "checkpoints")
    record = read_record(folder / "whole" / "checkpoints" / str(newest))
    place = jax.sharding.SingleDeviceSharding(jax.devices("cpu")[0])
    shapes = {
        name: jax.ShapeDtypeStruct(array["shape"], array["dtype"], sharding=place)
        for name, array in record["arrays"].items()
    }
    records = []
    checkpoint = folder / "whole" / "checkpoints" / str(newest)
    for file in sorted(path for path in checkpoint.rglob("*") if path.is_file()):
        if file.stat().st_size == 0:
            continue
        for name, change in DAMAGES.items():
            copy = folder / "copy"
            shutil.copytree(folder / "whole", copy)
            change(copy / "checkpoints" / str(newest) / file.relative_to(checkpoint))
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                _, position = resume.SavedRun(copy).load(shapes)
            shutil.rmtree(copy)
            # A checkpoint that is not passed over has passed its checksums.
            fate = {newest: "read, checksums right", before: "passed over"}[position.steps]
            why = "; ".join(str(w.message).partition("passed over: ")[2] for w in said)
            # The names of data files are random.
            shown = str(file.relative_to(checkpoint))
            shown = shown if file.parent.name != "d" else f"{Path(shown).parent}/..."
            records.append({"file": shown, "damage": name, "fate": fate, "why": why[:100]})
    return records


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk in memory, which needs the right to mount one.

    Args:
      folder: where it is mounted.
      megabytes: its size (MB).

    Yields:
      The folder.
    """
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_disk(settings: Checkpoints, folder: Path) -> dict:
    """Fills the disk when the first checkpoint and vectors are there; training goes on.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      What happened.
    """
    text = front(dataclasses.replace(settings, megabytes=settings.megabytes / 4), folder)
    options = ["--epochs", 8, "--keep-checkpoints", 1, "--checkpoint-epochs", 1]
    subprocess.run(command(text, folder / "whole", *options), check=True, capture_output=True)
    size = sum(path.stat().st_size for path in (folder / "whole").rglob("*") if path.is_file())
    with small_disk(folder / "disk", 20 + 2 * size // 1_000_000) as disk:
        process = start(command(text, disk / "run", *options))
        written = disk / "run" / "vectors.safetensors"
        while not (steps_in(disk / "run" / "checkpoints") and written.exists()):
            time.sleep(0.01)
        free = shutil.disk_usage(disk).free
        # What is left holds new vectors, but no checkpoint.
        vectors = (folder / "whole" / "vectors.safetensors").stat().st_size
        with contextlib.suppress(OSError):
            (disk / "fill").write_bytes(bytes(max(0, free - vectors - 2_000_000)))
        _, err = process.communicate()
        said = [line for line in err.replace("\r", "\n").split("\n") if "jaxw2v: " in line]
        steps = steps_in(disk / "run" / "checkpoints")
        kept = jaxw2v.load_vectors(disk / "run", "last")
        (disk / "fill").unlink()
        same = digest(disk / "run") == digest(folder / "whole")
        done = subprocess.run(
            command(text, disk / "run", *options, "--resume"), check=True, capture_output=True
        )
        result = {
            "exit_code": process.returncode,
            "said": said,
            "checkpoints_left": steps,
            "words_of_the_one_kept": len(kept),
            "vectors_have_the_same_bits": same,
            "resumed_from_it": done.returncode == 0
            and digest(disk / "run") == digest(folder / "whole"),
        }
    print(json.dumps(result, indent=2))
    return result


def cost(settings: Checkpoints, folder: Path) -> dict:
    """Times runs with checkpoints at the default interval and without, in alternation.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      Seconds of each, and the share of training time that saving takes.
    """
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    training, size = [], 0
    for number in range(settings.rounds):
        order = ["without", "with"] if number % 2 == 0 else ["with", "without"]
        for kind in order:
            out = folder / "run"
            options = ["--keep-checkpoints", 0] if kind == "without" else []
            began = time.perf_counter()
            subprocess.run(
                command(settings.corpus, out, "--overwrite", *options),
                check=True,
                capture_output=True,
            )
            seconds[kind].append(time.perf_counter() - began)
            lines = (out / "metrics.jsonl").read_text().splitlines()
            if kind == "without":
                training.append(sum(json.loads(line)["seconds"] for line in lines))
            else:
                newest = out / "checkpoints" / str(steps_in(out / "checkpoints")[0])
                size = sum(path.stat().st_size for path in newest.rglob("*") if path.is_file())
            print(kind, round(seconds[kind][-1], 2))
    added = statistics.median(seconds["with"]) - statistics.median(seconds["without"])
    return {
        "command_seconds": seconds,
        "training_seconds": training,
        "mib_of_a_checkpoint": round(size / 2**20),
        "added_seconds": added,
        "share_of_training": added / statistics.median(training),
    }


WORK = {
    "kill": kill,
    "terminate": terminate,
    "meshes": move,
    "damages": damage,
    "disk": fill_disk,
    "cost": cost,
}


def table(moves: list[dict]) -> str:
    """What was read by a run that went on on another mesh, as a Markdown table.

    Args:
      moves: of :func:`move`.

    Returns:
      The table.
    """
    return markdown.table(
        ("from", "to", "MiB read by each process"),
        (
            (r["before"], r["after"], " and ".join(f"{m:.1f}" for m in r["mib_read_by_process"]))
            for r in moves
        ),
    )


if __name__ == "__main__":
    Checkpoints.main(__doc__)
