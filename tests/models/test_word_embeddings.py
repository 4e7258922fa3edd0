import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxw2v.models import WordEmbeddings


def test_scores_are_products_of_input_and_output_rows():
    model = WordEmbeddings(6, 4, rngs=nnx.Rngs(0))
    model.output_embedding[...] = jnp.arange(24.0).reshape(6, 4)
    u, c = np.asarray(model.input_embedding[...]), np.arange(24.0).reshape(6, 4)
    np.testing.assert_allclose(
        model(jnp.array([1, 2]), jnp.array([3, 3])), u[[1, 2]] @ c[3], rtol=1e-5
    )


def test_tables_start_as_in_word2vec_c():
    model = WordEmbeddings(500, 10, rngs=nnx.Rngs(0))
    start = np.asarray(model.input_embedding[...])
    assert np.abs(start).max() <= 0.05
    np.testing.assert_allclose(start.std(), 0.1 / np.sqrt(12), rtol=0.05)
    assert not np.asarray(model.output_embedding[...]).any()


def test_the_partition_spec_shards_rows_along_vocab():
    def tables():
        return nnx.state(WordEmbeddings(16, 4, rngs=nnx.Rngs(0)))

    specs = nnx.get_partition_spec(jax.eval_shape(tables))
    assert set(jax.tree.leaves(specs)) == {PartitionSpec("vocab", None)}
    mesh = jax.make_mesh((8,), ("vocab",), axis_types=(AxisType.Auto,))
    shardings = jax.tree.map(lambda spec: NamedSharding(mesh, spec), specs)
    sharded = jax.jit(tables, out_shardings=shardings)()
    for table, whole in zip(jax.tree.leaves(sharded), jax.tree.leaves(tables()), strict=True):
        assert [part.data.shape for part in table.addressable_shards] == [(2, 4)] * 8
        np.testing.assert_array_equal(table, whole)
