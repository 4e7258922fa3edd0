"""How every product of the losses is taken: added up in float32.

Operands are rounded as ``jax.default_matmul_precision`` has it: by default not at all on a CPU, to
TF32 on a GPU, to bfloat16 on a TPU. Training sets it by ``Config.precision``.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

PRODUCT: dict[str, Any] = {"preferred_element_type": jnp.float32}
