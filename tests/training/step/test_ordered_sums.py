"""Rows are added in one order, whatever the ids."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import devices_of

from jaxw2v import Config
from jaxw2v.devices.compiler_options import SAME_BITS
from jaxw2v.devices.layout import EVERYWHERE
from jaxw2v.training import lay_out, make_job
from jaxw2v.training.setup.forecast import zipf_counts
from jaxw2v.training.step.ordered_sums import LARGEST_TILE, TILE, add_in_order
from jaxw2v.training.step.program import trace_training
from jaxw2v.training.step.row_updates import add_to_rows

CASES = {
    "few": (7, 3),
    "one tile": (LARGEST_TILE, 50),
    "two levels": (LARGEST_TILE + 1, 50),
    "three levels": (40_000, 3_000),
    "all of one id": (5_001, 1),
    "two ids, tiles that are open on both sides": (20 * TILE * TILE, 2),
    "hardly any twice": (8_192, 100_000),
}


def draws(n, size):
    rng = np.random.default_rng(0)
    # Some lie outside, as those of other devices do.
    ids = np.minimum(rng.zipf(1.3, n) - 1, size + 2).astype(np.int32)
    return ids, rng.normal(size=(n, 5)).astype(np.float32), np.ones((size, 5), np.float32)


@pytest.mark.parametrize(("n", "size"), CASES.values(), ids=CASES)
def test_sums_are_those_of_adding_one_by_one(n, size):
    ids, rows, table = draws(n, size)
    expected = np.zeros((size + 3, 5))
    expected[:size] = table
    np.add.at(expected, ids, rows.astype(np.float64))
    found = jax.jit(add_in_order)(table, ids, rows)
    np.testing.assert_allclose(found, expected[:size], atol=1e-6 * np.sqrt(n) * 10)


def test_distinct_ids_are_exact():
    ids = np.random.default_rng(1).permutation(5_000).astype(np.int32)
    rows = np.random.default_rng(2).normal(size=(5_000, 4)).astype(np.float32)
    found = jax.jit(add_in_order)(jnp.zeros((5_000, 4)), ids, rows)
    np.testing.assert_array_equal(found[ids], rows)


class Recorded:
    """A table that keeps what is written to it."""

    def __init__(self, shape):
        self.shape, self.written = shape, []

    @property
    def at(self):
        return self

    def __getitem__(self, ids):
        self.written.append(np.asarray(ids))
        return self

    def add(self, rows, *, unique_indices, **mode):
        assert unique_indices
        return self


@pytest.mark.slow
def test_no_id_is_written_twice_at_once():
    """A GPU would add what is promised to be distinct without atomics, and lose some."""
    ids, rows, table = draws(40_000, 3_000)
    recorded = Recorded(table.shape)
    add_in_order(recorded, jnp.asarray(ids), jnp.asarray(rows))
    assert len(recorded.written) == 3
    for written in recorded.written:
        inside = written[written < len(table)]
        assert len(set(inside.tolist())) == len(inside) > 0


def test_a_gpu_and_no_other_platform_takes_this_order():
    def sorts(platform, in_order):
        shapes = jnp.zeros((9, 4)), jnp.zeros(3_000, jnp.int32), jnp.zeros((3_000, 4))
        traced = jax.jit(add_to_rows, static_argnums=(3, 4)).trace(*shapes, True, in_order)
        return "stablehlo.sort" in traced.lower(lowering_platforms=(platform,)).as_text()

    found = {p: sorts(p, True) for p in ("cpu", "cuda", "rocm", "tpu")}
    assert found == {"cpu": False, "cuda": True, "rocm": True, "tpu": False}
    assert not sorts("cuda", False)


def scatters_in_some_order(config, mesh=None):
    """The scatters of a program for a GPU that XLA would have to put in order."""
    job = make_job(config, zipf_counts(700, 20_000), on_cpu=False)
    layout = lay_out(job, devices_of(mesh, job), on_cpu=False)
    text = trace_training(job, layout).lower(lowering_platforms=("cuda",)).as_text()
    found = re.findall(r'"stablehlo\.scatter"\(.*?\}\) :', text, re.S)
    assert found

    def has_no_order(scatter):
        if "unique_indices = true" in scatter:
            return True
        inside = scatter[scatter.index("^bb0") :]
        return "f32" not in inside and bool(re.search(r"maximum|minimum|stablehlo\.add", inside))

    return [scatter for scatter in found if not has_no_order(scatter)]


SETTINGS = {"embedding_dim": 16, "tokens_per_step": 512, "deterministic": True}


@pytest.mark.slow
@pytest.mark.parametrize("mesh", [None, "2x2", "2x1x2"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"objective": "cbow"}, {"output_layer": "hierarchical_softmax"}, {"subwords": True}],
    ids=["skipgram", "cbow", "hierarchical softmax", "subwords"],
)
@pytest.mark.filterwarnings("ignore:mesh .* leaves:UserWarning")
def test_no_sum_of_a_step_depends_on_which_thread_comes_first(settings, mesh):
    assert not scatters_in_some_order(Config(**SETTINGS, **settings), mesh)
    assert scatters_in_some_order(Config(**SETTINGS | {"deterministic": False}, **settings), mesh)


def test_the_setting_reaches_the_programs(monkeypatch):
    job = make_job(Config(deterministic=True), np.array([600, 400]), on_cpu=False)
    layout = lay_out(job, None, on_cpu=False)
    assert layout.shards.in_order
    given = []
    monkeypatch.setattr("jaxw2v.devices.layout.jax.jit", lambda f, **options: given.append(options))
    monkeypatch.setattr("jaxw2v.devices.compiler_options.GRAPHS", {})
    monkeypatch.setattr("jax.Device.platform", "gpu", raising=False)
    layout.program(lambda x: x, EVERYWHERE, EVERYWHERE)
    assert given[0]["compiler_options"].items() >= SAME_BITS.items()
