#!/usr/bin/env bash
# All accelerators of one machine: nothing to configure. Copy, and change the corpus.
#   bash single_host.sh corpus.txt vectors            the mesh is chosen
#   bash single_host.sh corpus.txt vectors 4x2        4 copies of tables that are each cut in 2
set -euo pipefail
corpus=$1 out=$2 mesh=${3:-}
jaxw2v train "$corpus" --out "$out" --embedding-dim 300 ${mesh:+--mesh "$mesh"}
