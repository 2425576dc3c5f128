#!/bin/sh
# Writes llama.cpp's headers to target/headers/<release>/, for StructLayoutIT. By default it fetches one release for
# each layout, with the argument "all" every release in docs/llama-versions.md.
# The npm package node-llama-cpp has llama.cpp's sources as a git bundle. The script needs npm, git and tar.
set -eu
cd "$(dirname "$0")/../../.."
headers=$PWD/target/headers

fetch() {
    package=$1 release=$2
    [ -f "$headers/$release/llama.h" ] && return
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent "node-llama-cpp@$package" >/dev/null)
    tar -xzf "$work/node-llama-cpp-$package.tgz" -C "$work" package/llama/gitRelease.bundle
    git clone --quiet --bare "$work/package/llama/gitRelease.bundle" "$work/git"
    mkdir -p "$work/source" "$headers/$release.part"
    git --git-dir="$work/git" archive HEAD include ggml/include | tar -x -C "$work/source"
    cp "$work/source/include/"*.h "$work/source/ggml/include/"*.h "$headers/$release.part/"
    rm -rf "${headers:?}/$release"
    mv "$headers/$release.part" "$headers/$release"
    rm -rf "$work"
}

if [ "${1:-}" = all ]; then
    sed -n 's/^| \(3[0-9.]*\) | \([bv][0-9.]*\) | supported |.*/\1 \2/p' docs/llama-versions.md | while read -r package release; do
        fetch "$package" "$release"
    done
    exit
fi
fetch 3.10.0 b5640
fetch 3.12.0 b6122
fetch 3.13.0 b6431
fetch 3.14.2 b6845
fetch 3.15.0 b7698
fetch 3.19.0 b9842
fetch 3.20.0 b10361
fetch 3.21.1 v0.4.0
fetch 3.22.1 v0.5.0
