"""How every product of the losses is taken: in full precision, added up in float32."""

from __future__ import annotations

import jax
import jax.numpy as jnp

PRODUCT = {"precision": jax.lax.Precision.HIGHEST, "preferred_element_type": jnp.float32}
