#!/bin/sh
# Checks Headroom on the NVIDIA card of this machine, in at most 8 minutes.
#
#   ./check.sh [FOLDER]
#
# FOLDER gets all results, ./gpu-check-<time> by default. With the folder of an earlier check, it measures what is
# missing there. What the machine lacks is taken from this kit: Java, llama.cpp, the Vulkan loader, libraries.
#
# Environment variables:
#   GPU_KIT_SECONDS   time for everything, 480 by default
#   GPU_KIT_MODEL     model of the last step, synthetic-llama-3.1-8b-q4_k_m by default
#   GPU_KIT_CONTEXTS  its context lengths, 60000,32768,16384,8192,512 by default
#   HEADROOM_CACHE    folder for models; by default one with enough room
set -u

# Seconds since the machine started: no clock that is set changes them.
now() {
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}"
}

begin=$(now)
seconds=${GPU_KIT_SECONDS:-480}
model=${GPU_KIT_MODEL:-synthetic-llama-3.1-8b-q4_k_m}
contexts=${GPU_KIT_CONTEXTS:-60000,32768,16384,8192,512}
case $seconds in
'' | *[!0-9]*)
    echo "GPU_KIT_SECONDS is \"$seconds\": give a number of seconds." >&2
    exit 1
    ;;
esac
# The time that a run gets to end and to write its files.
grace=15

PATH=${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin:/usr/local/nvidia/bin
export PATH
kit=$(CDPATH='' cd -P "$(dirname "$0")" && pwd) || exit 1
to=${1:-gpu-check-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$to" && to=$(CDPATH='' cd -P "$to" && pwd) || exit 1

left() {
    echo $((begin + seconds - $(now)))
}

# Prints a line and keeps it in summary.txt.
say() {
    printf '%4d s  %s\n' $(($(now) - begin)) "$*" | tee -a "$to/summary.txt"
}

# --- What the machine lacks

if [ ! -x "$kit/headroom/headroom" ]; then
    rm -rf "$kit/headroom.part"
    if ! mkdir "$kit/headroom.part" ||
        ! tar -xzf "$kit/headroom.tar.gz" -C "$kit/headroom.part" --strip-components=1 ||
        ! mv "$kit/headroom.part" "$kit/headroom"; then
        echo "Headroom cannot be unpacked in $kit: copy the kit to a folder with 200 MiB free." >&2
        exit 1
    fi
fi

# Path of a library of this machine; empty if there is none.
library() {
    found=$(ldconfig -p 2>/dev/null | grep "^[[:space:]]*$1 (libc6,.*64" | head -n 1)
    if [ -n "$found" ]; then
        echo "${found##* }"
        return
    fi
    for folder in $(echo "${LD_LIBRARY_PATH:-}" | tr : ' ') /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu \
        /usr/lib64 /usr/lib /usr/lib/*-linux-gnu/nvidia/current /usr/local/nvidia/lib64 /usr/local/nvidia/lib \
        /run/opengl-driver/lib; do
        if [ -e "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
}

# Only what is missing: another version of a library that is there could break the driver.
rm -rf "$kit/missing"
mkdir "$kit/missing"
for file in "$kit"/lib/*; do
    name=${file##*/}
    [ -n "$(library "$name")" ] || ln -s "../lib/$name" "$kit/missing/$name"
done
paths=$kit/missing

driver=$(library libGLX_nvidia.so.0)
driver=${driver:-$(library libEGL_nvidia.so.0)}
if [ -n "$driver" ]; then
    paths=${driver%/*}:$paths
    if [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ]; then
        # The driver may have brought no such file, or one in a folder that the loader does not search.
        printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' \
            "$driver" >"$kit/nvidia_icd.json"
        export VK_ICD_FILENAMES="$kit/nvidia_icd.json"
    fi
fi
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$paths"

# The driver keeps compiled shaders in the home directory.
if [ ! -w "${HOME:-/nowhere}" ]; then
    mkdir -p "$kit/home"
    export HOME="$kit/home"
fi

# --- A folder for the models

free_mib() {
    df -Pk "$1" 2>/dev/null | {
        read -r _
        read -r _ _ _ free _ || free=0
        echo $((free / 1024))
    }
}

available_mib() {
    while read -r name kib _; do
        [ "$name" != MemAvailable: ] || echo $((kib / 1024))
    done </proc/meminfo
}

# Whether the disk of this folder writes 256 MiB in a second and a half.
is_fast() {
    start=$(cut -d ' ' -f 1 /proc/uptime | tr -d .)
    dd if=/dev/zero of="$1/speed-test" bs=1048576 count=256 conv=fsync 2>/dev/null
    end=$(cut -d ' ' -f 1 /proc/uptime | tr -d .)
    rm -f "$1/speed-test"
    [ $((end - start)) -le 150 ]
}

# Sets cache to a folder with room for this many MiB, or to nothing: choose_cache MIB
choose_cache() {
    memory=
    if [ "$(free_mib /dev/shm)" -ge "$1" ] && [ "$(available_mib)" -ge $(($1 * 2 + 4096)) ]; then
        memory=/dev/shm/headroom-$(id -u)
    fi
    for cache in "${XDG_CACHE_HOME:-$HOME/.cache}/headroom" "$kit/cache" /var/tmp/headroom /tmp/headroom; do
        [ ! -f "$cache/$model.gguf" ] || return 0
        if mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && [ "$(free_mib "$cache")" -ge "$1" ]; then
            if [ -n "$memory" ] && ! is_fast "$cache"; then
                cache=$memory
            fi
            return 0
        fi
    done
    cache=$memory
}

# --- Steps

# Ctrl-C: the step that runs ends in order, and the next ones do not start.
interrupted=
trap 'interrupted=interrupted' INT TERM HUP

# Runs a command until it ends, or until the given number of seconds is over: step NAME SECONDS COMMAND...
# Its output goes to NAME.json or NAME.txt, its messages to NAME.log. The last seconds are kept for a run to end.
step() {
    name=$1
    limit=$2
    shift 2
    [ "$limit" -le $(($(left) - grace)) ] || limit=$(($(left) - grace))
    if [ -n "$interrupted" ] || [ "$limit" -lt 1 ]; then
        say "$name: not started, ${interrupted:-no time is left}"
        return 1
    fi
    case " $* " in
    *" --json "*) out=$name.json ;;
    *) out=$name.txt ;;
    esac
    start=$(now)
    "$@" >"$to/$out" 2>"$to/$name.log" </dev/null &
    process=$!
    asked=
    while kill -0 $process 2>/dev/null; do
        spent=$(($(now) - start))
        if [ -n "$interrupted" ] || [ $spent -ge "$limit" ]; then
            # SIGTERM ends a run like Ctrl-C: it keeps what was measured. (A background process ignores SIGINT.)
            if [ -z "$asked" ]; then
                kill -TERM $process 2>/dev/null
                asked=$spent
            elif [ $((spent - asked)) -ge $grace ]; then
                kill -KILL $process 2>/dev/null
            fi
        fi
        sleep 1
    done
    wait $process
    code=$?
    spent=$(($(now) - start))
    case $code in
    0 | 3)
        finished="$finished $name "
        say "$name: done in $spent s$([ $code = 0 ] || echo "; cells that failed are in $out")"
        ;;
    *)
        if [ -n "$asked" ]; then
            say "$name: stopped after $spent s $(grep -o 'with [0-9]* of [0-9]* cells done' "$to/$out")"
        else
            say "$name: failed with exit code $code. $(grep -v '^warning' "$to/$name.log" | head -n 1)"
        fi
        return 1
        ;;
    esac
}

# Runs a plan, or continues its run in the folder of the results: plan FILE|NAME SECONDS OPTION...
plan() {
    name=${1##*/}
    name=${name%.properties}
    file=$1
    limit=$2
    shift 2
    for begun in "$to"/*-"$name"; do
        if [ -f "$begun/journal.jsonl" ]; then
            step "$name" "$limit" "$headroom" run --resume "$begun"
            return
        fi
    done
    step "$name" "$limit" "$headroom" run --plan "$file" --out "$to" "$@"
}

headroom=$kit/headroom/headroom
finished=
say "$("$headroom" --version 2>/dev/null) on $(uname -srm), at most $seconds s"
say "Results: $to"
if [ -z "$driver" ]; then
    say "NVIDIA's Vulkan driver is not here (libGLX_nvidia.so.0, libEGL_nvidia.so.0):" \
        "llama.cpp will not see the card. Start a container with NVIDIA_DRIVER_CAPABILITIES=all."
else
    say "Vulkan driver: $driver"
fi
say "From the kit: $(ls "$kit/missing" | tr '\n' ' ')"
if command -v nvidia-smi >/dev/null; then
    step nvidia-smi $((seconds / 16)) nvidia-smi -q
    grep -E '^ *(Product Name|Driver Version) ' "$to/nvidia-smi.txt" | while read -r line; do say "$line"; done
fi

if [ -z "${HEADROOM_CACHE:-}" ]; then
    size=$("$headroom" model show "$model" --json 2>/dev/null | sed -n 's/.*"fileMiB" *: *\([0-9]*\).*/\1/p')
    choose_cache $((${size:-0} + 512))
    if [ -z "$cache" ]; then
        say "No folder has $size MiB free for $model: set HEADROOM_CACHE to one. Only small models are used now."
        choose_cache 512
        model=
    fi
    export HEADROOM_CACHE="$cache"
fi
mkdir -p "$HEADROOM_CACHE"
say "Models: $HEADROOM_CACHE, $(free_mib "$HEADROOM_CACHE") MiB free"

step environment $((seconds / 8)) "$headroom" environment --json
if [ -s "$to/meters.json" ]; then
    finished="$finished meters "
else
    step meters $((seconds / 5)) "$headroom" meters --json
fi
plan quick $((($(left) - grace) / 2))
case $model in
synthetic-*) step model $((seconds / 4)) "$headroom" model make "$model" || model= ;;
esac
if [ -n "$model" ]; then
    # A limit for each fork, so that one context does not take the time of all.
    share=$((($(left) - grace) * 2 / 5))
    plan "$kit/article-short.properties" "$seconds" --model "$model" --context "$contexts" \
        --param "timeLimit=$((share > 10 ? share : 10))s"
else
    say "article-short: not started, there is no model"
fi

missing=
for name in environment meters quick article-short; do
    case $finished in
    *" $name "*) ;;
    *) missing="$missing $name" ;;
    esac
done
if [ "$missing" = " quick" ] && [ -z "$interrupted" ]; then
    plan quick "$seconds" && missing=
fi
if [ -z "$missing" ]; then
    say "Complete. Results: $to"
else
    say "Not complete:$missing. What was measured is in $to. To measure the rest: $kit/check.sh $to"
fi
[ -z "$interrupted" ] || exit 130
