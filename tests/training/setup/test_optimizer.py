import jax
import numpy as np
import pytest

from jaxw2v.training.setup.optimizer import scale_by_row_rms


@pytest.mark.parametrize("dim", [1, 15, 16, 17, 100, 300, 1100])
def test_squares_are_summed_over_all_components_whatever_the_number_of_rows(dim):
    scale = scale_by_row_rms(4.0)

    @jax.jit
    def mean_squares(gradients):
        return scale.update(gradients, scale.init(gradients))[1].squares

    gradients = np.random.default_rng(dim).normal(size=(257, dim)).astype(np.float32)
    found = np.asarray(mean_squares(gradients))
    expected = np.square(gradients.astype(np.float64)).mean(1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    for rows in (1, 64):
        assert (mean_squares(gradients[:rows]) == found[:rows]).all()
