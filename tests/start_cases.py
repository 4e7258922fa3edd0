"""Runs that start from something."""

import numpy as np

from jaxw2v import Callback, Config, train
from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.devices.storage_order import storage_row
from jaxw2v.training import lay_out, make_job

CONFIG = Config(embedding_dim=6, min_count=1, tokens_per_step=512, epochs=2)
MESHES = [None, "1x8", "4x2", "2x2x2"]


def quiet(corpus, config=CONFIG, **options):
    return train(corpus, config, show_progress=False, **options)


def laid_out(stream, config, mesh, optimizer=None):
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu=True)
    mesh = choose_mesh(mesh, job.plan.blocks_per_step, lambda shape: 0)
    return job, lay_out(job, mesh, on_cpu=True)


def in_word_order(array, size):
    return np.asarray(array)[storage_row(np.arange(size), size)]


class StopAfterEpoch(Callback):
    def on_epoch_end(self, wv, metrics):
        return True
