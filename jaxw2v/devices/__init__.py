"""Where arrays lie, and on which devices.

``mesh`` chooses the axes ``data`` and ``vocab``; ``layout`` places arrays and programs on it;
``shards`` is what the step knows of it, all communication; ``storage_order`` and ``word_order`` say
which row belongs to which word; ``row_sharding`` reads sharded arrays for queries and files;
``processes`` joins the processes of a run. Blocks of tokens are shared out over *both* axes; tables
are replicated along ``data`` and sharded by rows along ``vocab``.
"""
