"""A state as named arrays: every leaf has a name, and comes back on any mesh."""

import jax
import numpy as np
import optax
import pytest

from jaxw2v import Config
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.training import make_job
from jaxw2v.training.checkpoints.stored_state import from_arrays, stored_shapes, to_arrays
from jaxw2v.training.step.state import place_initial_state

COUNTS = np.arange(300, 0, -1)


def job_and_layout(mesh, optimizer=None):
    job = make_job(Config(embedding_dim=4, tokens_per_step=512), COUNTS, optimizer, on_cpu=True)
    made = mesh and choose_mesh(mesh, job.plan.blocks_per_step, lambda shape: 0)
    return job, Layout(made, len(COUNTS), 4)


@pytest.mark.parametrize("mesh", [None, "2x2", "1x1x2"])
@pytest.mark.parametrize("optimizer", [None, optax.adam(0.1)], ids=["default", "adam"])
@pytest.mark.usefixtures("optax_promotes")
def test_a_state_is_the_same_after_it_was_named(mesh, optimizer):
    job, layout = job_and_layout(mesh, optimizer)
    state, key = place_initial_state(job, layout)
    arrays = to_arrays(state, key)
    shapes = stored_shapes(job, layout)
    assert {n: (a.shape, a.dtype) for n, a in arrays.items()} == {
        n: (s.shape, s.dtype) for n, s in shapes.items()
    }
    again, same_key = from_arrays(arrays, job, layout)
    assert jax.tree.structure(again) == jax.tree.structure(state)
    jax.tree.map(np.testing.assert_array_equal, again, state)
    assert same_key == key
    assert {"input_embedding", "output_embedding", "key"} <= set(arrays)
    assert len(arrays) == len(jax.tree.leaves(state)) + 1 - 2


def test_arrays_of_one_mesh_make_the_state_of_another():
    job, layout = job_and_layout("2x2")
    arrays = {n: np.asarray(a) for n, a in to_arrays(*place_initial_state(job, layout)).items()}
    job, other = job_and_layout("1x4")
    placed = {
        name: jax.device_put(arrays[name], shape.sharding)
        for name, shape in stored_shapes(job, other).items()
    }
    state, _ = from_arrays(placed, job, other)
    expected, _ = place_initial_state(job, other)
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    assert state.input_embedding.sharding == expected.input_embedding.sharding
