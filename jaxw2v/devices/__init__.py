"""Where arrays lie, and on which devices.

``mesh`` chooses the axes ``data``, ``vocab`` and ``dim``; ``layout`` places arrays and programs on
it; ``columns`` takes tables from whole rows to columns and back;
``shards`` is what the step knows of it, all communication; ``storage_order`` and ``word_order`` say
which row belongs to which word; ``row_sharding`` reads sharded arrays for queries and files;
``processes`` joins the processes of a run. Blocks of tokens are shared out along ``data`` and
``vocab``; tables are replicated along ``data``, sharded by rows along ``vocab``, by columns along
``dim``.
"""
