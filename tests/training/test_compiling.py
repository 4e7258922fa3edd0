"""What XLA is told about a program."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v import Config
from jaxw2v.devices.layout import COMMAND_BUFFER, EVERYWHERE, GPU_OPTIONS, Layout
from jaxw2v.training.setup.job import lay_out, make_job
from jaxw2v.training.setup.schedule import linear_decay
from jaxw2v.training.step.program import lower_training


def test_loops_on_a_gpu_go_into_graphs_unless_the_user_says_otherwise(monkeypatch):
    layout = Layout(None, 5)
    assert layout._compiler_options is None
    monkeypatch.setattr("jax.local_devices", lambda: [SimpleNamespace(platform="gpu")])
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    assert layout._compiler_options == GPU_OPTIONS
    # This jaxlib knows the options: it would refuse a name or a value that it does not.
    assert layout.program(lambda x: x + 1, EVERYWHERE, EVERYWHERE)(jnp.ones(2)).tolist() == [2, 2]
    monkeypatch.setenv("XLA_FLAGS", f"--{COMMAND_BUFFER}=")
    assert layout._compiler_options is None


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
    text = lower_training(job, lay_out(job, None, True)).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line]
    assert products
    assert all(written in line for line in products)


def test_a_function_of_the_user_has_the_precision_of_jax():
    from jaxw2v.losses import negative_sampling_loss

    rows = jnp.ones((2, 4)), jnp.ones((2, 4)), jnp.ones((2, 3, 4))
    with jax.default_matmul_precision("tensorfloat32"):
        assert "HIGH, HIGH" in jax.jit(negative_sampling_loss).lower(*rows).as_text()
    assert "HIGH" not in jax.jit(negative_sampling_loss).lower(*rows).as_text()


def test_the_learning_rate_that_is_shown_waits_for_no_device():
    assert linear_decay(0.5, 0.1)(0.25) == pytest.approx(0.4)
    assert isinstance(linear_decay(0.5, 0.1)(0.25), float)
