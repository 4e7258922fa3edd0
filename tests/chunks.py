"""What training on one chunk makes of the tables, on any mesh."""

import numpy as np
from compiled import lay_over

from jaxw2v.corpus import open_corpus
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup.job import make_job


def chunk_of(sentences, config, mesh, optimizer=None, exchange_sums=False):
    """Both tables and the loss after one chunk."""
    stream = open_corpus(sentences, config, show_progress=False)
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu=True)
    engine = Engine(job, lay_over(mesh, job, exchange_sums))
    chunk = Feed(stream, job.plan.chunk_tokens, engine.layout).read(0).chunk
    loss, _ = engine.train(chunk, 0, 0, np.array([0, 0.5], np.float32))
    tables = [np.asarray(table)[: len(job.keep)] for table in engine.tables()]
    return tables, [float(value) for value in loss], engine
