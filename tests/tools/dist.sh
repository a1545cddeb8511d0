#!/usr/bin/env bash
# Builds what is shipped: for each target one archive with one static executable under seven names (hard links), and the
# rows of actions/release.tsv.
#
#   dist.sh [target...]     default: x86_64-unknown-linux-musl aarch64-unknown-linux-musl
#
# Writes dist/keycloak-ecs-actions-<target>.tar.xz and dist/release.tsv. Names, times and owners in the archives are fixed,
# so that the same commit and the same compiler give the same bytes.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
targets=("$@")
[[ $# -gt 0 ]] || targets=(x86_64-unknown-linux-musl aarch64-unknown-linux-musl)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
output=${CARGO_TARGET_DIR:-target}
limit=3500000 # bytes of an archive: what a job downloads
binaries=()
for file in src/bin/*.rs; do binaries+=("$(basename "$file" .rs)"); done
# What rustc writes into a binary of the folders it was built in.
export RUSTFLAGS="--remap-path-prefix=$PWD=/build --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"

mkdir -p dist
rm -f dist/*
printf '# version\ttarget\tfile\tsha256\n' >dist/release.tsv
row() { printf '%s\t%s\t%s\t%s\n' "$version" "$1" "$2" "$(sha256sum "$3" | cut -d' ' -f1)" >>dist/release.tsv; }
for target in "${targets[@]}"; do
  cargo build --locked --package keycloak-ecs-actions --bin keycloak-ecs-actions --profile dist --target "$target"
  folder=$output/$target/dist/names
  archive=keycloak-ecs-actions-$target.tar.xz
  rm -rf "$folder"
  mkdir "$folder"
  for binary in "${binaries[@]}"; do ln "$output/$target/dist/keycloak-ecs-actions" "$folder/$binary"; done
  # Calls and jumps in x86 code are easier to compress when their targets are absolute; code for arm64 comes in words of four bytes.
  # Its own filter would save more, but xz before 5.4, such as that of Ubuntu 22.04, does not know it.
  case $target in
    x86_64-*) filters=(--x86 "--lzma2=preset=9e,dict=16MiB,lc=4") ;;
    *) filters=("--lzma2=preset=9e,dict=16MiB,lc=2,lp=2") ;;
  esac
  tar --directory "$folder" --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=755 "${binaries[@]}" |
    xz --threads=1 "${filters[@]}" >"dist/$archive"
  row "$target" "$archive" "dist/$archive"
  for binary in "${binaries[@]}"; do row "$target" "$binary" "$folder/$binary"; done
  stat --printf '%8s  %n\n' "$output/$target/dist/keycloak-ecs-actions"
  stat --printf '%8s  %n\n' "dist/$archive"
  if (($(stat --format %s "dist/$archive") > limit)); then
    echo "dist: dist/$archive has more than $limit bytes; docs/decisions/0008 says why there is a limit" >&2
    exit 1
  fi
done
