#!/usr/bin/env bash
# Unpacks a portable bundle and runs it as if there were no Java and no locale:
# check_bundle.sh target/headroom-0.1.0-linux-x64.tar.gz
set -euo pipefail
bundle=$1
scripts=$(dirname "$0")

bytes=$(wc -c <"$bundle")
if [ "$bytes" -gt $((60 << 20)) ]; then
    echo "$bundle has $bytes bytes, more than 60 MiB" >&2
    exit 1
fi

place="$PWD/target/bundle of Größe"
rm -rf "$place"
mkdir -p "$place/path"
tar -xzf "$bundle" -C "$place"
for tool in dirname locale readlink; do
    ln -s "$(command -v "$tool")" "$place/path/$tool"
done
ln -s ../"$(basename "$bundle" .tar.gz)"/headroom "$place/path/headroom"

# The PATH has a symbolic link to headroom and the three tools that it needs.
headroom() {
    (cd "$place" && env -i HOME="$HOME" PATH="$place/path" headroom "$@")
}

headroom meters --json >"$place/meters.json"
python3 - "$place/meters.json" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
assert any(v["place"] == "host" and v["verdict"] in ("exact", "follows") for v in report["verdicts"]), "no meter is right for the host"
assert {t["place"] for t in report["trials"]} > {"host"}, "no device of llama.cpp was tried"
PYTHON
headroom run --model synthetic-stories-15m-q8_0 --benchmark 'TokenGen|TokenLat|NativeCall' --context 64 --time 200ms \
    --iterations 2 --out "runs of Größe"
python3 "$scripts/check_run.py" "$place/runs of Größe"/* linux.hwm TokenGeneration,TokenLatency,NativeCall
echo "$bundle: $((bytes >> 10)) KiB, runs"
