# Source this: where the tools of the two commands are. Bash only.
#
#   KECS_CACHE_DIR            the git-ignored folder that setup.sh fills (default: .cache of the repository)
#   PATH                      its tools first
#   CONTAINERS_STORAGE_CONF   image storage of buildah and skopeo inside it, so that nothing of the user's is touched
# shellcheck shell=bash

KECS_CACHE_DIR=$(realpath -m "${KECS_CACHE_DIR:-$(dirname "${BASH_SOURCE[0]}")/../../.cache}")
export KECS_CACHE_DIR
export CONTAINERS_STORAGE_CONF=$KECS_CACHE_DIR/containers/storage.conf
case $PATH in
  "$KECS_CACHE_DIR/bin:"*) ;;
  *) export PATH=$KECS_CACHE_DIR/bin:$KECS_CACHE_DIR/venv/bin:$PATH ;;
esac
