# Source this: where the tools of the two commands are. Bash only.
#
#   KECS_TEST_CACHE            the git-ignored folder that setup.sh fills (default: .cache of the repository)
#   PATH                      its tools first
#   CONTAINERS_STORAGE_CONF   image storage of buildah and skopeo inside it, so that nothing of the user's is touched
# shellcheck shell=bash

KECS_TEST_CACHE=$(realpath -m "${KECS_TEST_CACHE:-$(dirname "${BASH_SOURCE[0]}")/../../.cache}")
export KECS_TEST_CACHE
export CONTAINERS_STORAGE_CONF=$KECS_TEST_CACHE/containers/storage.conf
case $PATH in
  "$KECS_TEST_CACHE/bin:"*) ;;
  *) export PATH=$KECS_TEST_CACHE/bin:$KECS_TEST_CACHE/venv/bin:$PATH ;;
esac
