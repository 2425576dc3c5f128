#!/usr/bin/env bash
# Makes the GPU kit and runs its check for a minute with a tiny model, as on a machine without Java:
# check_gpu_kit.sh target/headroom-0.1.0-linux-x64.tar.gz
set -euo pipefail
src/portable/gpu-kit.sh "$1"
to=$PWD/target/gpu-check
rm -rf "$to"
start=$SECONDS
env -i HOME="$HOME" PATH=/usr/bin:/bin GPU_KIT_SECONDS=60 GPU_KIT_MODEL=synthetic-stories-15m-q8_0 \
    GPU_KIT_CONTEXTS=64,32 target/gpu-kit/check.sh "$to"
if [ $((SECONDS - start)) -gt 90 ]; then
    echo "The check took $((SECONDS - start)) s, more than its 60 s" >&2
    exit 1
fi
for step in environment meters quick model article-short; do
    grep -q " s  $step: " "$to/summary.txt" || { echo "$to/summary.txt does not name $step" >&2; exit 1; }
done
grep -q '"kernel"' "$to/environment.json"
