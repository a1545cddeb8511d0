#!/usr/bin/env bash
# Runs one binary of this repository: the one in $KECS_BIN_DIR, or the released one that release.tsv names.
# The commit of the action fixes the bytes; a binary whose hash differs is never run.
set -euo pipefail

name=$1
shift
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf '::error title=%s::%s\n' "$name" "$1"
  exit "${2:-2}"
}

# What a workflow sets from a variable that is not there is empty; to the AWS SDK that is an address.
for variable in "${!AWS_ENDPOINT_URL@}"; do
  [[ -n "${!variable}" ]] || unset "$variable"
done

if [[ -n "${KECS_BIN_DIR:-}" ]]; then
  [[ -x "$KECS_BIN_DIR/$name" ]] || fail "KECS_BIN_DIR is set, but $KECS_BIN_DIR/$name is no program"
  exec "$KECS_BIN_DIR/$name" "$@"
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  *) fail "there is no binary for $(uname -s) $(uname -m); use a Linux runner (x86_64 or arm64)" ;;
esac

version='' archive='' archive_hash='' binary_hash=''
while IFS=$'\t' read -r row_version row_target row_file row_hash; do
  [[ "$row_target" == "$target" ]] || continue
  case "$row_file" in
    *.tar.xz) version=$row_version archive=$row_file archive_hash=$row_hash ;;
    "$name") binary_hash=$row_hash ;;
  esac
done < <(grep -v '^#' "$here/release.tsv")
if [[ -z "$archive" || -z "$binary_hash" ]]; then
  fail "this commit is no release: pin the action to the commit of a release"
fi

folder="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/keycloak-ecs-actions/$version/$target"
has_hash() { [[ "$(sha256sum -- "$1" 2>/dev/null | cut -d' ' -f1)" == "$2" ]]; }

# Some runners share a tool cache that jobs may only read.
temp=${RUNNER_TEMP:-/tmp}
if ! has_hash "$folder/$name" "$binary_hash" && { ! mkdir -p -- "$folder" 2>/dev/null || [[ ! -w "$folder" ]]; }; then
  folder=$temp/keycloak-ecs-actions/$version/$target
  mkdir -p -- "$folder" 2>/dev/null || fail "cannot write to $temp: RUNNER_TEMP must name a folder that this user may write to"
fi

# Checked before every start: earlier jobs may write to the tool cache of a self-hosted runner.
if ! has_hash "$folder/$name" "$binary_hash"; then
  base=${KECS_MIRROR:-https://github.com/keycloak-ecs-actions/keycloak-ecs-actions/releases/download}
  [[ "$base" == https://* || "$base" == file://* ]] ||
    fail "KECS_MIRROR is $base: it takes an address that starts with https://, or a folder as file:///…"
  work=$(mktemp -d "$temp/keycloak-ecs-actions.XXXXXX" 2>/dev/null) ||
    fail "cannot write to $temp: RUNNER_TEMP must name a folder that this user may write to"
  trap 'rm -rf -- "$work"' EXIT
  curl --proto '=https,file' --tlsv1.2 -fsSL --retry 4 --retry-delay 2 --max-time 120 \
    -o "$work/$archive" "$base/v$version/$archive" ||
    fail "could not download $archive of version $version from $base; set KECS_MIRROR where that address is out of reach" 6
  has_hash "$work/$archive" "$archive_hash" ||
    fail "$archive of version $version has not the hash that this commit records; nothing was run" 3
  mkdir -p -- "$work/unpacked"
  tar -xJf "$work/$archive" -C "$work/unpacked"
  has_hash "$work/unpacked/$name" "$binary_hash" ||
    fail "$name in $archive has not the hash that this commit records; nothing was run" 3
  # The names are links to one file, and stay so. Each takes its place at once: another job may be starting it.
  fresh=$(mktemp -d "$folder/.new.XXXXXX")
  cp --no-dereference --preserve=links -- "$work/unpacked"/* "$fresh/"
  chmod 755 -- "$fresh"/*
  for binary in "$fresh"/*; do mv -f -- "$binary" "$folder/${binary##*/}"; done
  rmdir -- "$fresh"
  rm -rf -- "$work"
  trap - EXIT
fi
exec "$folder/$name" "$@"
