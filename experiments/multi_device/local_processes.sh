#!/usr/bin/env bash
# Two processes on this machine, each with two virtual CPU devices: how a pod works, on a laptop.
#   bash local_processes.sh corpus.txt vectors
set -euo pipefail
corpus=$1 out=$2
export JAX_PLATFORMS=cpu XLA_FLAGS=--xla_force_host_platform_device_count=2
for i in 0 1; do
  jaxw2v train "$corpus" --out "$out" --mesh 2x2 --distributed \
    --coordinator localhost:12355 --num-processes 2 --process-id "$i" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
