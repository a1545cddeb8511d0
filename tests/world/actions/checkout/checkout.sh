#!/usr/bin/env bash
# What action.yml runs. As the real one: the workspace has a detached HEAD for tags and pull requests and a branch for
# branches, a remote `origin`, and only the commits that were asked for.
set -euo pipefail

fail() {
  printf '::error title=checkout::%s\n' "$1"
  exit 1
}

[[ $CHECKOUT_DEPTH =~ ^[0-9]+$ ]] || fail "fetch-depth is a number, not '$CHECKOUT_DEPTH'"
target=$GITHUB_WORKSPACE${CHECKOUT_PATH:+/$CHECKOUT_PATH}
remote=$GITHUB_SERVER_URL/$CHECKOUT_REPOSITORY
mkdir -p "$target"
cd "$target"
git init --quiet --initial-branch=main .
git remote remove origin 2>/dev/null || true
git remote add origin "$remote"

# The token comes by the environment, as it must not be on a command line.
header="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$CHECKOUT_TOKEN" | base64 -w0)"
fetch() {
  GIT_TERMINAL_PROMPT=0 GIT_CONFIG_COUNT=1 \
    GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader" GIT_CONFIG_VALUE_0=$header \
    git fetch --quiet --no-tags --prune --no-recurse-submodules "$@" ||
    fail "could not fetch $CHECKOUT_REPOSITORY from $GITHUB_SERVER_URL"
}

ref=$CHECKOUT_REF commit=''
if [[ -z $ref && $CHECKOUT_REPOSITORY == "$GITHUB_REPOSITORY" ]]; then
  ref=$GITHUB_REF commit=$GITHUB_SHA
fi
depth=()
if [[ $CHECKOUT_DEPTH == 0 ]]; then
  fetch origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
else
  depth=(--depth "$CHECKOUT_DEPTH")
fi
case $ref in
  '') fetch "${depth[@]}" origin HEAD && git checkout --quiet --detach FETCH_HEAD ;;
  refs/heads/*)
    branch=${ref#refs/heads/}
    fetch "${depth[@]}" origin "+${commit:-$ref}:refs/remotes/origin/$branch"
    git checkout --quiet --force -B "$branch" "refs/remotes/origin/$branch"
    ;;
  refs/pull/*)
    fetch "${depth[@]}" origin "+${commit:-$ref}:refs/remotes/pull/${ref#refs/pull/}"
    git checkout --quiet --force --detach "refs/remotes/pull/${ref#refs/pull/}"
    ;;
  *) fetch "${depth[@]}" origin "${commit:-$ref}" && git checkout --quiet --force --detach FETCH_HEAD ;;
esac
if [[ $CHECKOUT_PERSIST == true ]]; then
  git config --local "http.$GITHUB_SERVER_URL/.extraheader" "$header"
fi
printf 'checked out %s at %s (stand-in for actions/checkout)\n' "$CHECKOUT_REPOSITORY" "$(git rev-parse HEAD)"
