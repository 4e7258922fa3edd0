"""The device, and what it can move, compute and add at most."""

from __future__ import annotations

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from experiments.accelerator.settings import Keep, Settings
from jaxw2v.training import zipf_weights

PRECISIONS = {
    "float32": jax.lax.Precision.HIGHEST,
    "tensorfloat32": jax.lax.Precision.HIGH,
    "bfloat16": "BF16_BF16_F32",
}
WIDTHS = (50, 100, 128, 300)
"""Components of the rows that are added and gathered."""
ROUNDS = 20


def measure(settings: Settings, keep: Keep) -> dict:
    """Names the device and measures its ceilings.

    Args:
      settings: of the experiment.
      keep: unused, as the part is short.

    Returns:
      What was found.
    """
    device = jax.devices()[0]
    small = settings.smoke or device.platform == "cpu"
    found = {
        "kind": device.device_kind,
        "platform": device.client.platform_version,
        "devices": jax.device_count(),
        "memory_bytes": (device.memory_stats() or {}).get("bytes_limit"),
        "copy_bytes_per_second": _copy(1 << 20 if small else 1 << 30),
        "product_flops_per_second": _products(256 if small else 8_192),
        "blocks_flops_per_second": _block_products(8 if small else 2_048),
        "rows": [_rows(width, 1_024 if small else 131_072) for width in WIDTHS],
    }
    print({key: value for key, value in found.items() if key != "rows"}, flush=True)
    for row in found["rows"]:
        print(row, flush=True)
    return found


def _seconds(work: Callable, *arguments: jax.Array) -> float:
    """The fastest of five, after one that is not counted."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        jax.block_until_ready(work(*arguments))
        times.append(time.perf_counter() - began)
    return min(times[1:])


def _copy(size: int) -> float:
    array = jnp.ones(size // 4, jnp.float32)
    return 2 * array.nbytes / _seconds(jax.jit(lambda a: a + 1), array)


def _products(size: int) -> dict[str, float]:
    """Of one large product, by precision of its operands."""
    matrix = jax.random.normal(jax.random.key(0), (size, size))
    return {
        name: 2 * size**3 / _seconds(jax.jit(lambda a, p=p: jnp.dot(a, a, precision=p)), matrix)
        for name, p in PRECISIONS.items()
    }


def _block_products(blocks: int) -> dict[str, float]:
    """Of the scores of a step's blocks, [64, 128] by [128, 32] each, by precision."""
    keys = jax.random.split(jax.random.key(0))
    outputs = jax.random.normal(keys[0], (blocks, 64, 128))
    centers = jax.random.normal(keys[1], (blocks, 32, 128))

    def scores(outputs, centers, precision):
        def again(_, outputs):
            product = jnp.einsum("bnd,bid->bni", outputs, centers, precision=precision)
            return outputs.at[0, 0, 0].add(jax.lax.optimization_barrier(product)[0, 0, 0])

        return jax.lax.fori_loop(0, ROUNDS, again, outputs)

    flops = ROUNDS * 2 * blocks * 64 * 32 * 128
    work = jax.jit(scores, static_argnums=2)
    return {
        name: flops / _seconds(lambda o, c, p=p: work(o, c, p), outputs, centers)
        for name, p in PRECISIONS.items()
    }


def _rows(width: int, rows: int) -> dict:
    """Bytes a second of rows added to a table, and gathered, at ids that follow Zipf's law."""
    weights = zipf_weights(80_000)
    draws = np.random.default_rng(0).random(rows)
    ids = jnp.asarray(np.searchsorted(np.cumsum(weights) / weights.sum(), draws).clip(0, 79_999))
    values = jax.random.normal(jax.random.key(0), (rows, width))
    table = jnp.zeros((80_000, width))

    def add(table):
        return jax.lax.fori_loop(0, ROUNDS, lambda _, t: t.at[ids].add(values), table)

    def gather(table):
        def again(_, carry):
            found = jax.lax.optimization_barrier(table[ids + (carry[0, 0] > 1e9).astype(ids.dtype)])
            return carry + found[:1]

        return jax.lax.fori_loop(0, ROUNDS, again, values[:1])

    size = ROUNDS * values.nbytes
    return {
        "width": width,
        "rows": rows,
        "added_bytes_per_second": size / _seconds(jax.jit(add), table),
        "gathered_bytes_per_second": size / _seconds(jax.jit(gather), table),
    }
