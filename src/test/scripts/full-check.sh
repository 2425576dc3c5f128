#!/usr/bin/env bash
# Checks that take long: the rehearsal, kills, leaks, releases of llama.cpp, Wine, a container, another machine by ssh, a
# later Java.
#
#   full-check.sh [--short] [fetch]
#
# --short does a few of each, as .ci/run does for every change. Run the long form before a release.
# fetch only downloads what the checks need, into target/.
# Needs target/headroom.jar and the portable bundle, which mvn verify -Pportable makes. A check is skipped with a
# message where a program for it is missing. Needs bash, python3 and npm.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts=src/test/scripts
short=
if [ "${1:-}" = --short ]; then
    short=yes
    shift
fi
if [ $# -gt 1 ] || [ "${1:-fetch}" != fetch ]; then
    echo "usage: full-check.sh [--short] [fetch]" >&2
    exit 1
fi

# releases of llama.cpp by npm version: the last that is refused, and some that are supported
releases="3.9.0 3.10.0 3.12.0 3.13.0 3.15.0 3.17.1 3.22.1"
llamas=target/llamas

fetch() {
    if [ "$short" ]; then sh $scripts/headers.sh; else sh $scripts/headers.sh all; fi
    for version in $releases; do
        if [ ! -d "$llamas/$version" ]; then
            mkdir -p "$llamas/$version.part"
            (cd "$llamas" && npm pack --silent "@node-llama-cpp/linux-x64@$version" >/dev/null)
            tar -xzf "$llamas/node-llama-cpp-linux-x64-$version.tgz" -C "$llamas/$version.part" \
                --strip-components=3 package/bins
            mv "$llamas/$version.part" "$llamas/$version"
        fi
    done
    # a root file system for a container
    if [ ! -d target/rootfs/usr ] && ! debootstrap --variant=minbase bookworm target/rootfs >target/debootstrap.log; then
        tail -n 3 target/debootstrap.log >&2
        rm -rf target/rootfs
    fi
}

mkdir -p "$llamas"
fetch
if [ "${1:-}" = fetch ]; then
    exit
fi

HEADROOM_LLAMAS=$(for version in $releases; do printf '%s:' "$PWD/$llamas/$version"; done)
HEADROOM_BUNDLE=$(echo "$PWD"/target/headroom-*-linux-x64.tar.gz)
export HEADROOM_LLAMAS=${HEADROOM_LLAMAS%:} HEADROOM_BUNDLE
if [ -d target/rootfs/usr ]; then
    export HEADROOM_ROOTFS="$PWD/target/rootfs"
fi

# the Windows code, with Windows's Java and llama.cpp's DLLs; it mostly waits, so it runs beside the other checks
cp target/headroom.jar target/headroom-wine.jar # Maven replaces the jar meanwhile
python3 $scripts/wine.py --jar target/headroom-wine.jar ${short:+--short} >target/wine.log 2>&1 &
wine=$!

mvn -B -ntp verify -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false \
    -Dit.test='LlamaVersionsIT,WrongLlamaIT,StructLayoutIT,EnvironmentsIT#containerOfPodmanIsEntered+otherMachineIsEnteredBySsh'

# the article's comparison on a card whose truth is known; after Wine, as both need the processor
wait "$wine" || { cat target/wine.log >&2; exit 1; }
cat target/wine.log
python3 $scripts/rehearsal.py ${short:+--short}

# runs that are killed resume
python3 $scripts/kill.py ${short:+--short --kills 3 --longest 8}

for java in /usr/lib/jvm/*25*/bin/java; do
    if [ -x "$java" ]; then
        rm -rf target/on-25
        "$java" -jar target/headroom.jar run --model synthetic-stories-15m-q8_0 --context 64 --time 200ms --iterations 2 \
            --out target/on-25 ${short:+--benchmark 'TokenGen|NativeCall'}
        python3 $scripts/check_run.py target/on-25/* linux.hwm ${short:+TokenGeneration,NativeCall}
        if grep -l "WARNING" target/on-25/*/logs/*.jmh.txt; then
            echo "Forks on Java 25 print warnings: see the files above." >&2
            exit 1
        fi
        break
    fi
done

if [ -z "$short" ]; then
    python3 $scripts/llama_versions.py
    python3 $scripts/leaks.py
    java -jar target/headroom.jar run --out target/quick
    python3 $scripts/check_run.py "$(ls -d target/quick/*-quick | tail -n 1)"
fi
