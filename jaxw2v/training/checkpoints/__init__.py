"""What a run saves, who reads it, and how it goes on.

In the folder of a run:

=========================== ============================================= =========================
file                        content                                       written, read by
=========================== ============================================= =========================
``vectors.safetensors``     both tables in the order of the words         ``results``;
                                                                          :meth:`WordVectors.load`
``vocabulary.tsv``          words and counts                              ``results``; likewise
``config.json``             the settings                                  ``results``;
                                                                          ``read_settings``
``metrics.jsonl``           an :class:`EpochRecord` for each epoch        ``results``; the user
``phrases.tsv``             phrases that were joined, if any              ``results``; ``from_run``
``checkpoints/<step>/``     tables, optimizer state and key as arrays     ``writer``; ``reader``
                            (``stored_state``), and the record
``checkpoints/`` with       the words and phrases of these steps          ``writer``; ``reader``
``vocabulary.tsv``,
``phrases.tsv``
``jaxw2v.json``             the mark by which the folder is ours, and     ``folder_lock``
                            its lock
=========================== ============================================= =========================

The record (``record``) is JSON with a digest: ``facts``, the :class:`RunIdentity` (``identity``);
``sizes``, the static sizes of the run; ``position``, the :class:`Cursor` (``cursor``: epochs,
chunks and steps done, sums of the loss, metrics so far); ``rows_are_words``, whether output rows
are vectors of words; ``arrays``: shape, dtype and checksum (``checksums``) of each; and its own
``format``. ``resume`` goes on from the newest sound checkpoint, ``vectors`` loads word vectors from
any of them, and ``starts/from_run`` begins another run with one.
"""
