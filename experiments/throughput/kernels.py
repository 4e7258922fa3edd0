"""The kernels of a step by time, and the gaps between them."""

from __future__ import annotations

import collections
import contextlib
import glob
import re
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import jax

import jaxw2v
from jaxw2v.corpus import TokenStream
from jaxw2v.training import fit

# On a CPU the profile also holds Python frames, compiler passes and the thread pool's regions.
CPU_KERNEL = re.compile(r"(\w+_fusion|wrapped_\w+|copy|sort|dot|convolution)(\.\d+)?$")
KERNELS = 20
GAPS = 8


class Event(NamedTuple):
    """A kernel that ran.

    Attributes:
      start: when it began (ns).
      duration: how long it took (ns).
      name: of the kernel.
    """

    start: float
    duration: float
    name: str


@contextlib.contextmanager
def recorded() -> Iterator[list[Event]]:
    """Records the kernels that run meanwhile.

    Yields:
      A list that is filled at the end, in the order of time.
    """
    events: list[Event] = []
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            yield events
        path = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)[0]
        planes = list(jax.profiler.ProfileData.from_file(path).planes)
    on_device = [plane for plane in planes if plane.name.startswith("/device:")]
    for plane in on_device or planes:
        for line in plane.lines:
            if on_device and "Stream" not in line.name:
                continue
            events += [
                Event(event.start_ns, event.duration_ns, event.name)
                for event in line.events
                if on_device or CPU_KERNEL.match(event.name)
            ]
    events.sort()


def by_time(events: list[Event]) -> list[dict]:
    """The kernels that take the most time.

    Args:
      events: from :func:`recorded`.

    Returns:
      Name, calls and milliseconds, the longest first.
    """
    total: collections.Counter = collections.Counter()
    calls = collections.Counter(event.name for event in events)
    for event in events:
        total[event.name] += event.duration
    return [
        {"name": name, "calls": calls[name], "milliseconds": time / 1e6}
        for name, time in total.most_common(KERNELS)
    ]


def gaps(events: list[Event]) -> dict:
    """How long the device did nothing, and between which kernels.

    Args:
      events: from :func:`recorded`.

    Returns:
      Milliseconds from the first to the last, those in which some kernel ran, and the gaps by the
      kernels around them, those with the most time first.
    """
    if not events:
        return {}
    idle: collections.Counter = collections.Counter()
    calls: collections.Counter = collections.Counter()
    end, last = events[0].start, events[0].name
    for event in events:
        if event.start > end:
            idle[last, event.name] += event.start - end
            calls[last, event.name] += 1
        if event.start + event.duration > end:
            end, last = event.start + event.duration, event.name
    span = end - events[0].start
    return {
        "milliseconds": span / 1e6,
        "busy_milliseconds": (span - sum(idle.values())) / 1e6,
        "gaps": [
            {"after": a, "before": b, "calls": calls[a, b], "milliseconds": time / 1e6}
            for (a, b), time in idle.most_common(GAPS)
        ],
    }


def profile(stream: TokenStream, config: jaxw2v.Config) -> list[dict]:
    """The kernels of a run that take the most time.

    Args:
      stream: a short corpus.
      config: the settings.

    Returns:
      As :func:`by_time`.
    """
    with recorded() as events:
        fit(stream, config, show_progress=False)
    return by_time(events)
