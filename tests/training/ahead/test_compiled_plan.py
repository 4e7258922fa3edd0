"""The training program as the compilers of GPUs and TPUs make it, without either (jaxw2v[aot])."""

import jax
import pytest

from jaxw2v import Config, InputError
from jaxw2v.devices.mesh import ALONE
from jaxw2v.devices.targets import find_target, target_mesh
from jaxw2v.training import make_job
from jaxw2v.training.ahead.compiled_plan import compile_ahead
from jaxw2v.training.ahead.products import product_flops
from jaxw2v.training.setup.forecast import zipf_counts

COUNTS = zipf_counts(80_000, 10**9)
SETTINGS = {"embedding_dim": 128, "tokens_per_step": 65_536}


def compiled(target, mesh=ALONE, counts=COUNTS, **settings):
    job = make_job(Config(**SETTINGS | settings), counts, on_cpu=False)
    return job, compile_ahead(job, counts, find_target(target), mesh)


def needs(target):
    pytest.importorskip("libtpu" if ":" in target else "jax_plugins.xla_cuda13")


@pytest.mark.slow
def test_a_step_on_a_gpu_is_lean_and_asks_the_host_nothing():
    """This one and the next .ci/run compiles."""
    needs("h200")
    job, plan = compiled("h200")
    assert plan.operations_per_step <= 40
    assert (plan.unknown_trip_loops, plan.conditionals, plan.compare_and_swap) == (0, 0, 0)
    # Of the rows of both tables.
    assert plan.float_atomics == 2
    assert plan.collective_bytes_per_step == 0
    memory = job.footprint(ALONE).memory()
    resident = memory["tables"] + memory["moments"] + memory["vocabulary"]
    chunk = 8 * job.plan.chunk_tokens
    assert plan.argument_bytes == pytest.approx(resident + chunk, rel=0.02)
    assert plan.temporary_bytes < memory["step"] + memory["tokens"]
    assert plan.row_bytes_per_token_floor < plan.row_bytes_per_token < 20_000
    assert plan.seconds_floor == max(
        plan.seconds_rows, plan.seconds_products, plan.seconds_collectives, plan.seconds_launches
    )


@pytest.mark.slow
def test_the_same_bits_in_every_run_of_a_gpu_need_no_atomics():
    """Nothing adds floats in the order of its threads, and XLA has nothing left to put in order."""
    needs("h200")
    _, plan = compiled("h200", deterministic=True)
    assert plan.float_atomics == 0
    assert plan.operations_per_step <= 70
    assert (plan.unknown_trip_loops, plan.conditionals, plan.compare_and_swap) == (0, 0, 0)
    assert plan.row_bytes_per_token < 28_000
    # 561 MiB where XLA puts scatters in order.
    assert plan.temporary_bytes < 300 * 2**20


@pytest.mark.parametrize("dim", [38, 50, 100, 300])
@pytest.mark.parametrize("target", ["h100", "h200"])
@pytest.mark.ahead
@pytest.mark.slow
def test_rows_of_every_width_are_added_by_atomic_additions(target, dim):
    needs(target)
    _, plan = compiled(target, embedding_dim=dim)
    assert plan.compare_and_swap == 0
    assert plan.operations_per_step <= 40
    assert (plan.unknown_trip_loops, plan.conditionals) == (0, 0)


@pytest.mark.ahead
@pytest.mark.slow
def test_a_step_is_lean_where_most_of_the_vocabulary_is_not_in_it():
    """The rows that move are found first; with 80,000 words the whole table is gone over."""
    needs("h200")
    _, plan = compiled("h200", counts=zipf_counts(1_000_000, 10**9))
    assert plan.operations_per_step <= 40
    assert (plan.unknown_trip_loops, plan.conditionals, plan.compare_and_swap) == (0, 0, 0)
    assert plan.float_atomics == 2


@pytest.mark.parametrize(
    ("settings", "loops"),
    [
        ({"objective": "cbow"}, 0),
        ({"output_layer": "hierarchical_softmax"}, 0),
        ({"negatives": "fresh"}, 0),
        ({"subwords": True}, 0),
        # Pieces of the table are copied beside the products, which no command buffer takes: the
        # steps, and in each the pieces forward and backward.
        ({"output_layer": "softmax"}, 3),
    ],
    ids=["cbow", "hierarchical softmax", "fresh negatives", "subwords", "softmax"],
)
@pytest.mark.ahead
@pytest.mark.slow
def test_every_objective_compiles_for_a_gpu(settings, loops):
    needs("h200")
    counts = zipf_counts(20_000, 10**8)
    _, plan = compiled("h200", counts=counts, **settings)
    assert (plan.unknown_trip_loops, plan.conditionals, plan.compare_and_swap) == (loops, 0, 0)
    _, plan = compiled("h200", counts=counts, deterministic=True, **settings)
    assert plan.float_atomics == 0


@pytest.mark.ahead
@pytest.mark.slow
@pytest.mark.parametrize("vocabulary", [200_000, 1_000_000])
def test_what_eight_gpus_exchange_is_what_the_formulas_say(vocabulary):
    needs("h200")
    counts = zipf_counts(vocabulary, 10**9)
    for mesh in ((1, 8, 1), (8, 1, 1), (1, 1, 8)):
        job, plan = compiled("h200", mesh, counts, embedding_dim=300)
        forecast = sum(job.footprint(mesh).traffic().values())
        assert plan.collective_bytes_per_step == pytest.approx(forecast, rel=0.1)
        assert plan.operations_per_step <= 50


@pytest.mark.ahead
@pytest.mark.slow
def test_columns_exchange_a_twelfth_of_what_rows_do():
    needs("h200")
    travels = {}
    for mesh in ((1, 8, 1), (1, 1, 8), (1, 8, 8)):
        job, plan = compiled("h200", mesh, embedding_dim=300)
        travels[mesh] = plan.collective_bytes_per_step
        forecast = sum(job.footprint(mesh).traffic().values())
        assert travels[mesh] == pytest.approx(forecast, rel=0.1)
        assert plan.compare_and_swap == 0
        assert plan.operations_per_step <= 50
    assert travels[1, 1, 8] <= travels[1, 8, 1] / 12
    assert travels[1, 8, 8] <= 2 * travels[1, 1, 8]


@pytest.mark.ahead
@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"objective": "cbow"}, {"output_layer": "hierarchical_softmax"}],
    ids=["cbow", "hierarchical softmax"],
)
def test_scores_of_every_objective_travel_as_forecast(settings):
    needs("h200")
    counts = zipf_counts(20_000, 10**8)
    job, plan = compiled("h200", (1, 1, 8), counts, embedding_dim=300, **settings)
    forecast = sum(job.footprint((1, 1, 8)).traffic().values())
    assert plan.collective_bytes_per_step == pytest.approx(forecast, rel=0.1)


@pytest.mark.ahead
@pytest.mark.slow
def test_a_step_on_a_tpu_has_no_loop_over_rows():
    needs("v5e:2x2")
    job, plan = compiled("v5e:2x2")
    assert plan.operations_per_step <= 120
    assert (plan.compare_and_swap, plan.float_atomics) == (None, None)
    memory = job.footprint(ALONE).memory()
    assert plan.temporary_bytes < memory["step"] + memory["tokens"]


@pytest.mark.ahead
@pytest.mark.slow
def test_a_mesh_larger_than_the_grid_and_a_grid_that_is_none_are_refused():
    needs("v5e:2x2")
    with pytest.raises(InputError, match="mesh 1x8 needs 8 devices, and v5e:2x2 has 4"):
        target_mesh(find_target("v5e:2x2"), (1, 8, 1))
    with pytest.raises(InputError, match="libtpu has no such grid"):
        target_mesh(find_target("v5e:3x3"), ALONE)


def test_products_are_counted_by_hand():
    def step(x, w):
        def once(i, x):
            return jax.lax.cond(i > 0, lambda: x @ w @ w, lambda: x @ w)

        return jax.lax.fori_loop(0, 7, once, x) @ w

    x, w = jax.ShapeDtypeStruct((6, 4), "float32"), jax.ShapeDtypeStruct((4, 4), "float32")
    # One round, its smaller branch, and the product at the end.
    assert product_flops(jax.make_jaxpr(step)(x, w).jaxpr) == 2 * (2 * 6 * 4 * 4)
