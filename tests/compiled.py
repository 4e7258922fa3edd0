"""Compiled programs of large jobs, and what they send."""

import re

import numpy as np

from jaxw2v import Config
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.training import make_job


def devices_of(mesh, job):
    return mesh and choose_mesh(mesh, job.plan.blocks_per_step, lambda shape: 0)


def lay_over(mesh, job, exchange_sums=False):
    mesh = devices_of(mesh, job)
    others = () if job.subwords is None else (job.subwords.num_shared,)
    return Layout(mesh, len(job.keep), job.config.embedding_dim, exchange_sums, others)


def collectives(text):
    """Kind and bytes of every communication in a compiled program."""
    sizes = {"f32": 4, "s32": 4, "u32": 4, "pred": 1}
    kinds = "all-gather|all-reduce|reduce-scatter|all-to-all|collective-permute"
    found = []
    for line in text.splitlines():
        match = re.search(rf"= (.*?) ({kinds})(-start)?\(", line)
        if match:
            shapes = re.findall(r"(\w+)\[([\d,]*)\]", match[1])
            found.append(
                (
                    match[2],
                    sum(
                        sizes[kind] * int(np.prod([int(n) for n in shape.split(",") if n]))
                        for kind, shape in shapes
                    ),
                )
            )
    return found


def big_job(vocabulary_size, **settings):
    counts = np.maximum(10**8 / (np.arange(vocabulary_size) + 2.7), 5).astype(np.int64)
    return make_job(Config(**settings), counts, None, on_cpu=False)
