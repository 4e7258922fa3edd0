"""Every device gets its share of the blocks, and what is drawn depends on the block alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import layout_of

from jaxw2v import Config
from jaxw2v.sampling import keep_threshold
from jaxw2v.sampling.blocks import centers
from jaxw2v.training import make_job
from jaxw2v.training.step.batch import Chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.dealer import Dealer

pytestmark = pytest.mark.slow
V, TOKENS = 50, 2_000
COUNTS = np.arange(V, 0, -1) * 10
ALWAYS = jnp.asarray(keep_threshold(np.ones(V)))


def chunk_and_job(**settings):
    config = Config(tokens_per_step=512, block_length=16, **settings)
    job = make_job(config, COUNTS, on_cpu=True)
    size = job.plan.chunk_tokens
    rng = np.random.default_rng(0)
    ids = np.full(size, -1, np.int32)
    ids[:TOKENS] = rng.integers(0, V, TOKENS)
    sentence_ids = np.minimum(np.arange(size) // 23, TOKENS // 23).astype(np.int32)
    return Chunk(jnp.asarray(ids), jnp.asarray(sentence_ids)), job


def dealt(mesh, chunk, job, micro_batches=4, thresholds=ALWAYS, wanted=None):
    """Blocks of a chunk, as the devices of a mesh get them, micro-batch by micro-batch."""
    layout = layout_of(mesh)
    dealer, devices = Dealer(job, layout.shards), layout.shards.block_axes
    keys = chunk_keys(jax.random.key(0), jnp.array([1, 0]))
    constants = job.objective.output_layer.constants(COUNTS)

    def deal(chunk):
        cut = dealer.cut(keys, chunk, thresholds)
        asked = jnp.arange(cut.ids.shape[0], dtype=jnp.int32), cut.count
        if wanted is not None:
            asked = jnp.asarray(wanted), jnp.int32(len(wanted) - 1)
        blocks = dealer.deal(keys, cut, *asked, micro_batches, constants)
        parts = jax.tree.map(lambda a: a.reshape(micro_batches, -1, *a.shape[1:]), blocks)
        return jax.tree.map(lambda a: layout.shards.gather(a, devices, axis=1), parts), cut.count

    size = layout.num_takers * -(-len(chunk.ids) // layout.num_takers)
    pad = [jnp.pad(a, (0, size - len(a)), constant_values=-1) for a in chunk]
    spec = PartitionSpec()
    program = layout.program(deal, ((layout.tokens,) * 2,), (spec, spec))
    return program(tuple(jax.device_put(a) for a in pad))


@pytest.mark.parametrize("mesh", ["8x1", "1x8", "2x4", "2x2x2"])
def test_devices_get_the_blocks_of_one_device(mesh):
    chunk, job = chunk_and_job()
    (alone, count), (many, same) = dealt(None, chunk, job), dealt(mesh, chunk, job)
    assert int(count) == int(same) > 100
    size = job.plan.blocks_per_micro_batch
    for one, other in zip(jax.tree.leaves(alone), jax.tree.leaves(many), strict=True):
        np.testing.assert_array_equal(one[:, :size], other[:, :size])
    assert (many.ids[:, size:] == -1).all()


def test_what_is_drawn_for_a_block_is_the_same_wherever_it_is_dealt():
    """The last of those named here is one too many."""
    chunk, job = chunk_and_job(objective="cbow")
    assert job.objective.windows.draws
    (every, _), (some, _) = dealt(None, chunk, job), dealt(None, chunk, job, 1, wanted=[9, 2, 5])
    for all_of, few in zip(jax.tree.leaves(every), jax.tree.leaves(some), strict=True):
        flat = all_of.reshape(-1, *all_of.shape[2:])
        np.testing.assert_array_equal(few[0, :2], flat[jnp.array([9, 2])])
    assert (some.ids[0, 2:] == -1).all()


def test_each_kept_token_is_dealt_once():
    """Those that stand in two blocks are centers in one."""
    chunk, job = chunk_and_job()
    micro = -(-job.plan.chunk_tokens // (16 * job.plan.blocks_per_micro_batch))
    blocks, count = dealt(None, chunk, job, micro)
    ids = blocks.ids.reshape(-1, 16)
    assert int(count) == (ids >= 0).any(1).sum()
    found = np.asarray(ids)[centers(ids, job.plan.overlap)]
    expected = np.bincount(chunk.ids[:TOKENS], minlength=V)
    np.testing.assert_array_equal(np.bincount(found, minlength=V), expected)


def test_subsampling_leaves_out_tokens_or_pairs():
    chunk, job = chunk_and_job()
    thresholds = jnp.asarray(keep_threshold(np.where(np.arange(V) < 25, 0.0, 1.0)))
    blocks, _ = dealt(None, chunk, job, thresholds=thresholds)
    ids = np.asarray(blocks.ids)
    assert set(np.unique(ids[ids >= 0]).tolist()) == set(range(25, V))
    assert blocks.pair_keys is None
    chunk, job = chunk_and_job(subsample_formula="percentile")
    blocks, _ = dealt(None, chunk, job, thresholds=thresholds)
    ids = np.asarray(blocks.ids)
    assert set(np.unique(ids[ids >= 0]).tolist()) == set(range(V))
    assert blocks.pair_keys is not None
