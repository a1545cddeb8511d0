#!/usr/bin/env bash
# Holds what was recorded of the stand-in for GitHub against GitHub's own descriptions.
#
#   github.sh FOLDER    of files that the test world wrote since WORLD_RECORD_DIR named it; needs setup.sh python
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tools/env.sh"
for needed in "$KECS_TEST_CACHE/venv/bin/python" "$KECS_TEST_CACHE/npm/node_modules/@octokit/openapi"; do
  [[ -e $needed ]] || { echo "github.sh: $needed is missing; run tests/tools/setup.sh python" >&2; exit 2; }
done
failed=0
"$KECS_TEST_CACHE/venv/bin/python" -B "$here/github_rest.py" "$1" || failed=1
node "$here/github_graphql.js" "$1" || failed=1
exit "$failed"
