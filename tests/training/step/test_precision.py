"""The precision of products."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v import Config
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.layouts import lay_out
from jaxw2v.training.step.program import lower_training, trace_training


@pytest.mark.parametrize(
    ("precision", "written"),
    [
        ("float32", "precision = [HIGHEST, HIGHEST]"),
        ("tensorfloat32", "precision = [HIGH, HIGH]"),
        (
            "bfloat16",
            "lhs_precision_type = bf16, rhs_precision_type = bf16, accumulation_type = f32",
        ),
    ],
)
@pytest.mark.parametrize("objective", ["skipgram", "cbow"])
def test_products_have_the_precision_of_the_settings(precision, written, objective):
    config = Config(precision=precision, objective=objective, embedding_dim=8)
    job = make_job(config, np.array([500, 300, 200]))
    traced = trace_training(job, lay_out(job, None, True))
    text = traced.lower(lowering_platforms=("cuda",)).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line]
    assert products
    assert all(written in line for line in products)


def test_a_cpu_multiplies_what_was_rounded():
    job = make_job(Config(precision="bfloat16", embedding_dim=8), np.array([500, 300, 200]))
    text = lower_training(job, lay_out(job, None, True)).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line]
    assert products
    assert all("bf16>, tensor<" in line and "algorithm" not in line for line in products)


def test_a_function_of_the_user_has_the_precision_of_jax():
    from jaxw2v.losses import negative_sampling_loss

    rows = jnp.ones((2, 4)), jnp.ones((2, 4)), jnp.ones((2, 3, 4))
    with jax.default_matmul_precision("tensorfloat32"):
        assert "HIGH, HIGH" in jax.jit(negative_sampling_loss).lower(*rows).as_text()
    assert "HIGH" not in jax.jit(negative_sampling_loss).lower(*rows).as_text()
