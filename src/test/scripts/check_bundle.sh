#!/usr/bin/env bash
# Unpacks a portable bundle and runs it as on a machine without Java and without a locale:
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

# called by a symbolic link on the PATH, with nothing else on it
headroom() {
    (cd "$place" && env -i HOME="$HOME" PATH="$place/path" headroom "$@")
}

headroom meters --json >"$place/meters.json"
python3 - "$place/meters.json" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
assert any(v["place"] == "host" and v["verdict"] in ("exact", "follows") for v in report["verdicts"]), "no meter sees the host"
assert {t["place"] for t in report["trials"]} > {"host"}, "no device of llama.cpp was tried"
PYTHON
headroom run --model synthetic-stories-15m-q8_0 --context 64 --time 200ms --iterations 2 --out "runs of Größe"
python3 "$scripts/check_run.py" "$place/runs of Größe"/*
echo "$bundle: $((bytes >> 10)) KiB, runs"
