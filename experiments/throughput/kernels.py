"""The kernels of a step by time."""

from __future__ import annotations

import collections
import glob
import re
import tempfile

import jax

import jaxw2v
from jaxw2v.corpus import TokenStream
from jaxw2v.training import fit

# On a CPU the profile also holds Python frames, compiler passes and the thread pool's regions.
CPU_KERNEL = re.compile(r"(\w+_fusion|wrapped_\w+|copy|sort|dot|convolution)(\.\d+)?$")
KERNELS = 20


def profile(stream: TokenStream, config: jaxw2v.Config) -> list[dict]:
    """The kernels that take the most time.

    Args:
      stream: a short corpus.
      config: the settings.

    Returns:
      Name, calls and milliseconds, the longest first.
    """
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            fit(stream, config, show_progress=False)
        path = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)[0]
        planes = list(jax.profiler.ProfileData.from_file(path).planes)
    on_device = [plane for plane in planes if plane.name.startswith("/device:")]
    total: collections.Counter = collections.Counter()
    calls: collections.Counter = collections.Counter()
    for plane in on_device or planes:
        for line in plane.lines:
            if on_device and "Stream" not in line.name:
                continue
            for event in line.events:
                if on_device or CPU_KERNEL.match(event.name):
                    total[event.name] += event.duration_ns
                    calls[event.name] += 1
    return [
        {"name": name, "calls": calls[name], "milliseconds": time / 1e6}
        for name, time in total.most_common(KERNELS)
    ]
