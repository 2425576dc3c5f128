#!/bin/sh
# Compares Headroom's speed of writing a model with that of dd on the same disk. It alternates the two and prints the
# median ratio. Both times are from start to exit, until the data is on the disk (dd: conv=fsync).
#
#   src/test/scripts/model-write.sh [MODEL [PAIRS [FOLDER]]]
#
# FOLDER is a folder on the disk to measure. The variable HEADROOM may have another command than
# java -jar target/headroom.jar.
set -eu

model=${1:-synthetic-llama-3.2-1b-q4_0}
pairs=${2:-7}
folder=$(mktemp -d "${3:-.}/model-write.XXXXXX")
headroom=${HEADROOM:-java -jar target/headroom.jar}
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

export HEADROOM_CACHE="$folder/cache"
export LC_ALL=C

now() { date +%s%N; }

$headroom model make "$model" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
bytes=$(wc -c <"$HEADROOM_CACHE/$model.gguf")

for i in $(seq "$pairs"); do
    rm -f "$HEADROOM_CACHE/$model.gguf" "$folder/dd"
    sync
    start=$(now)
    dd if=/dev/zero of="$folder/dd" bs=8M count="$bytes" iflag=count_bytes conv=fsync 2>/dev/null
    middle=$(now)
    rm -f "$folder/dd"
    sync
    begin=$(now)
    $headroom model make "$model" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
    end=$(now)
    echo "$((middle - start)) $((end - begin))"
done | awk -v bytes="$bytes" '
    {
        ratio = $1 / $2
        printf "dd %7.1f MiB/s   headroom %7.1f MiB/s   ratio %.3f\n", bytes / 1048576 / $1 * 1e9, bytes / 1048576 / $2 * 1e9, ratio
        n++
        for (i = n; i > 1 && ratios[i - 1] > ratio; i--) ratios[i] = ratios[i - 1]
        ratios[i] = ratio
    }
    END { printf "median ratio %.3f of %d pairs\n", n % 2 ? ratios[(n + 1) / 2] : (ratios[n / 2] + ratios[n / 2 + 1]) / 2, n }'
