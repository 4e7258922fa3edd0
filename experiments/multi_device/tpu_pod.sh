#!/usr/bin/env bash
# A Cloud TPU slice of many hosts, from your own machine. Copy, and change what stands in capitals.
#   bash tpu_pod.sh
set -euo pipefail
tpu=NAME zone=ZONE
on_all() { gcloud compute tpus tpu-vm ssh "$tpu" --zone "$zone" --worker all --command "$1"; }
on_all "python3 -m venv venv && venv/bin/pip install -q 'jaxw2v @ git+URL/OF/THIS/PROJECT' 'jax[tpu]'"
# The hosts find one another. 16 chips: 4 copies of tables cut in 4.
on_all "gcloud storage cp gs://BUCKET/CORPUS.txt . &&
  venv/bin/jaxw2v train CORPUS.txt --out vectors --distributed --mesh 4x4 --embedding-dim 300"
# The first host writes.
gcloud compute tpus tpu-vm scp --recurse --zone "$zone" --worker 0 "$tpu":vectors .
