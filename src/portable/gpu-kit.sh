#!/usr/bin/env bash
# Makes target/gpu-kit: all that a bare Linux machine with an NVIDIA driver needs to check Headroom on its card.
# Copy that folder to the machine and run its check.sh there.
#
#   src/portable/gpu-kit.sh [BUNDLE]
#
# BUNDLE is what "mvn verify -Pportable" packs. Without it, this script packs it first. The Vulkan loader and the
# libraries that NVIDIA's Vulkan driver loads come from this machine: libvulkan1, libegl1 and libxext6 on Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."
kit=target/gpu-kit
limit_kib=$((60 * 1024))

bundle=${1:-}
if [ -z "$bundle" ]; then
    mvn -B -ntp -q verify -Pportable
    bundle=$(ls -t target/headroom-*-linux-*.tar.gz | head -n 1)
fi

rm -rf "$kit"
cp -r src/portable/gpu-kit "$kit"
cp "$bundle" "$kit/headroom.tar.gz"
mkdir "$kit/lib"

where() {
    ldconfig -p | awk -v name="$1" '$1 == name && /64/ { print $NF; exit }'
}

# zlib and the C++ runtime: Java and llama.cpp. X11 and EGL: NVIDIA's driver loads them, also without a display.
for name in libvulkan.so.1 libX11.so.6 libXext.so.6 libEGL.so.1 libstdc++.so.6 libz.so.1; do
    library=$(where "$name")
    if [ -z "$library" ]; then
        echo "$name is not on this machine, and the kit needs it: install libvulkan1, libegl1 and libxext6." >&2
        exit 1
    fi
    echo "$library"
    ldd "$library" | awk '$3 ~ /^\// { print $3 }'
done | sort -u | while read -r library; do
    case ${library##*/} in
    # glibc: the machine's own is the only one that fits
    ld-linux* | libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.*) ;;
    *) cp -L "$library" "$kit/lib/" ;;
    esac
done

kib=$(du -sk --apparent-size "$kit" | cut -f 1)
if [ "$kib" -gt "$limit_kib" ]; then
    echo "$kit has $kib KiB, more than the $limit_kib KiB that it may have: look for what has grown in $bundle." >&2
    exit 1
fi
echo "$kit: $kib KiB. Copy it to the machine with the card and run check.sh there."
