"""Where arrays lie: meshes, layouts, shards, storage order, and the processes of a run."""
