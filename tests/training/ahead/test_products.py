"""The arithmetic of products in a traced program."""

import jax
import jax.numpy as jnp
import pytest

from jaxw2v.training.ahead.products import product_flops

A, B = jnp.ones((2, 3)), jnp.ones((3, 4))
ONE = 2 * 2 * 3 * 4


def in_a_loop(a, b):
    return jax.lax.fori_loop(0, 7, lambda i, total: total + a @ b, jnp.zeros((2, 4)))


def in_a_branch(a, b):
    return jax.lax.cond(a[0, 0] > 0, lambda: a @ b, lambda: (a @ b) @ jnp.ones((4, 4)))


@pytest.mark.parametrize(
    ("function", "operations"),
    [
        (jnp.dot, ONE),
        (lambda a, b: jnp.einsum("ij,jk->ki", a, b), ONE),
        (lambda a, b: jnp.einsum("ij,jk->", a, b), None),
        (lambda a, b: (a @ b) @ jnp.ones((4, 5)), ONE + 2 * 2 * 4 * 5),
        (jax.jit(jnp.dot), ONE),
        (lambda a, b: jax.vmap(jnp.dot, (0, None))(jnp.stack([a] * 5), b), 5 * ONE),
        (in_a_loop, ONE),
        (in_a_branch, ONE),
        (jax.checkpoint(jnp.dot), ONE),
        (lambda a, b: a.sum() + b.sum(), 0),
    ],
)
def test_products_are_counted_wherever_they_stand(function, operations):
    found = product_flops(jax.make_jaxpr(function)(A, B).jaxpr)
    assert found == operations if operations is not None else 0 < found <= ONE


def test_a_gradient_takes_two_products_more():
    gradient = jax.grad(lambda a, b: (a @ b).sum(), (0, 1))
    assert (
        product_flops(jax.make_jaxpr(jax.value_and_grad(gradient.__wrapped__, (0, 1)))(A, B).jaxpr)
        == 3 * ONE
    )
