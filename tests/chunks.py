"""What training on one chunk makes of the tables, on any mesh."""

import numpy as np
from compiled import lay_over

from jaxw2v import Config
from jaxw2v.corpus import open_corpus
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup.job import make_job

# 8 devices hold 2 columns each, of which one is half padding.
CONFIG = Config(embedding_dim=15, min_count=1, tokens_per_step=1_024, epochs=1)


def assert_agrees(sentences, config, mesh, optimizer=None, loss_rtol=1e-4, **tolerance):
    """Devices of a mesh make of a chunk what one makes; gives the tables and the engine."""
    alone, loss, _ = chunk_of(sentences, config, None, optimizer)
    tables, other, engine = chunk_of(sentences, config, mesh, optimizer)
    for table, expected in zip(tables, alone, strict=True):
        np.testing.assert_allclose(table, expected, **tolerance)
    np.testing.assert_allclose(other, loss, rtol=loss_rtol)
    return tables, engine


def chunk_of(sentences, config, mesh, optimizer=None, exchange_sums=False):
    """Both tables and the loss after one chunk."""
    stream = open_corpus(sentences, config, show_progress=False)
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu=True)
    engine = Engine(job, lay_over(mesh, job, exchange_sums))
    chunk = Feed(stream, job.plan.chunk_tokens, engine.layout).read(0).chunk
    loss, _ = engine.train(chunk, 0, 0, np.array([0, 0.5], np.float32))
    tables = [np.asarray(table)[: len(job.keep)] for table in engine.tables()]
    return tables, [float(value) for value in loss], engine
