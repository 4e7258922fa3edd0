"""What the compiled program of many devices holds, copies and sends."""

import re

import jax
import numpy as np
import pytest
from compiled import big_job, collectives, lay_over

from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.step.program import lower_training
from jaxw2v.training.step.state import initial_state


@pytest.mark.slow
def test_nothing_that_travels_grows_with_the_vocabulary():
    jobs = [big_job(v, tokens_per_step=2_048, embedding_dim=16) for v in (30_000, 240_000)]
    programs = [lower_training(job, lay_over("1x8", job)).compile() for job in jobs]
    small, large = (sorted(collectives(program.as_text())) for program in programs)
    assert small == large
    assert len(small) >= 8
    in_a_step = [size for _, size in small if size != 4 * jobs[0].plan.chunk_tokens]
    assert max(in_a_step) < 30_000 * 16 * 4


@pytest.mark.slow
def test_a_step_copies_nothing_of_the_size_of_the_vocabulary():
    """Tables, moments and scratch change in place; else a step would cost what V does."""
    job = big_job(400_000, embedding_dim=32, tokens_per_step=2_048)
    for mesh, rows in ((None, 400_128), ("1x8", 50_016)):
        text = lower_training(job, lay_over(mesh, job)).compile().as_text()
        assert f"[{rows},32]" in text
        assert not re.findall(rf"= \w+\[{rows}[\],].* (?:copy|broadcast)\(.*", text)


@pytest.mark.slow
def test_no_device_ever_holds_a_whole_table():
    """Not when tables are made, and not when they are put in the order of the words."""
    job = big_job(400_000, embedding_dim=32)
    layout = lay_over("1x8", job)
    table = 400_128 * 32 * 4
    shardings = jax.tree.map(lambda s: s.sharding, layout.shapes(lambda: initial_state(job)))
    made = jax.jit(lambda: initial_state(job), out_shardings=shardings).lower().compile()
    memory = made.memory_analysis()
    assert memory.temp_size_in_bytes < table / 2
    assert memory.output_size_in_bytes < 3.1 * 2 * table / 8
    engine = Engine(job, layout)
    part = engine.state.input_embedding
    program = engine._in_word_order[400_000].lower(part).compile()
    assert program.memory_analysis().temp_size_in_bytes < table / 2
    assert max(size for _, size in collectives(program.as_text())) < table / 8
    ordered = np.asarray(engine.tables()[0])
    assert not ordered[400_000:].any()
    alone = jax.jit(initial_state, static_argnums=0)(job).input_embedding
    for word in (0, 1, 77, 399_999):
        expected = alone[int(engine.layout.shards.rows(word))]
        np.testing.assert_array_equal(ordered[word], expected)
