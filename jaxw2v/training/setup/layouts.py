"""Which devices a job is laid over: what each mesh costs, and what it cannot do."""

from __future__ import annotations

import contextlib
import warnings

from jax.sharding import Mesh

from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import DIM, NARROWEST, VOCAB, Shape, mesh_name, shape_of, shapes_of
from jaxw2v.errors import InputError
from jaxw2v.training.setup.job import Job
from jaxw2v.training.setup.wrappers import check_columns_alone, check_elementwise


def check_mesh(job: Job, mesh: Shape) -> None:
    """Makes sure that a job can be done where its tables are sharded.

    Args:
      job: the job.
      mesh: devices along data, vocab and dim.

    Raises:
      InputError: it needs whole tables or whole rows, and the mesh shards them; or there are fewer
        columns than devices to take them.
    """
    if mesh[2] > 1:
        _check_columns(job, mesh)
    if mesh[1] == 1:
        return
    job.objective.across((VOCAB,), ())
    try:
        if job.own_optimizer is not None and job.config.row_updates == "dense":
            check_elementwise(job.own_optimizer)
    except InputError:
        raise InputError(
            f"mesh {mesh_name(mesh)} shards the tables, and the optimizer moves a row by what "
            "other rows do; give an elementwise one, or a --mesh DATAx1"
        ) from None


def _check_columns(job: Job, mesh: Shape) -> None:
    dim = job.config.embedding_dim
    if mesh[2] > dim:
        raise InputError(
            f"mesh {mesh_name(mesh)} shares out {dim} columns over {mesh[2]} devices; give a "
            "--mesh with a smaller last number"
        )
    job.objective.across((), (DIM,))
    if job.own_optimizer is not None:
        check_columns_alone(job.own_optimizer)
    if dim < NARROWEST * mesh[2]:
        warnings.warn(
            f"mesh {mesh_name(mesh)} leaves {-(-dim // mesh[2])} columns to a device; fewer than "
            f"{NARROWEST} are slower than they need be: give a --mesh with a smaller last number",
            stacklevel=2,
        )


def meshes(job: Job, count: int, by_columns: bool) -> list[Shape]:
    """The meshes of so many devices that a job can be laid over, the best first.

    That is the one on which the fewest bytes travel (:meth:`Footprint.traffic
    <jaxw2v.training.setup.footprint.Footprint.traffic>`). Along ``dim`` only scores do, whatever
    the dimension: columns are shared out as long as a device has ``NARROWEST`` of them, which read
    memory by whole lines. Then tables are copied, while they fit; rows are mostly shared out last,
    which moves the most (but for exact softmax, whose copies exchange gradients of whole tables).

    Args:
      job: the job.
      count: devices.
      by_columns: whether columns may be shared out.

    Returns:
      Devices along data, vocab and dim.
    """
    fit = []
    for shape in shapes_of(count):
        wide_enough = shape[2] == 1 or (
            by_columns and job.config.embedding_dim >= NARROWEST * shape[2]
        )
        with contextlib.suppress(InputError):
            if wide_enough:
                check_mesh(job, shape)
                fit.append(shape)
    return sorted(fit, key=lambda shape: sum(job.footprint(shape).traffic().values()))


def lay_out(job: Job, mesh: Mesh | None, on_cpu: bool) -> Layout:
    """Lays a job over the devices of a mesh.

    Args:
      job: the job.
      mesh: the devices.
      on_cpu: whether they are CPUs.

    Returns:
      The layout.

    Raises:
      InputError: see :func:`check_mesh`.
    """
    shape = shape_of(mesh)
    check_mesh(job, shape)
    # Exchanging the rows of every block keeps the order of adding: a CPU's bits are the same on
    # any mesh.
    exchange_sums = job.footprint(shape).exchange_sums and not on_cpu
    others = () if job.subwords is None else (job.subwords.num_shared,)
    return Layout(
        mesh,
        len(job.keep),
        job.config.embedding_dim,
        exchange_sums,
        others,
        job.config.deterministic,
    )
