#!/usr/bin/env bash
# Lints what cargo does not: workflows, actions, shell scripts, Terraform. Each linter's verdict is one line; what a failed
# one said follows at the end. Needs `setup.sh lint` and terraform. Folders that are still empty count as 0 files.
#
#   lint.sh                 exit 0: all linters ran and found nothing
#
# act and actionlint do not know the self-repository syntax `$/path` yet: they read a copy in which it, and this
# repository's own `<owner>/<repository>/path@<commit>` in workflows/, is `./path`. That also lets actionlint check the
# inputs that callers give.
#
# Terraform roots are validated, and `terraform test` runs, in a copy, so that no lock file is written here. With
# dev_overrides in the CLI configuration (TF_CLI_CONFIG_FILE) after `get`, without after `init -backend=false`.
# shellcheck disable=SC2317  # the linters are called through `check`
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/env.sh"
root=$(realpath "$here/../..")
repository=keycloak-ecs-actions
cd "$root"
shopt -s nullglob

for tool in actionlint act zizmor check-jsonschema shellcheck; do
  type -P "$tool" >/dev/null || { echo "lint: $tool is missing; run tests/tools/setup.sh lint" >&2; exit 2; }
done

type -P terraform >/dev/null || { echo "lint: terraform is missing; install Terraform 1.11 or later" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/copy
mkdir -p "$copy/.git" "$copy/.github/workflows" "$work"/{log,home}

actions=(actions/*/action.yml)
reusable=(.github/workflows/*.yml)
callers=(workflows/*.yml)
workflows=("${reusable[@]}" "${callers[@]}")
dependabot=(.github/dependabot.y*ml)
renovate=(renovate/*.json)
for file in "${actions[@]}" "${workflows[@]}"; do
  mkdir -p "$copy/$(dirname "$file")"
  sed -E "s#(uses:[[:space:]]*)(\\\$|[^/[:space:]]+/$repository)/([^@[:space:]]+)(@[^[:space:]]+)?#\1./\3#" "$file" >"$copy/$file"
done
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard | while read -r file; do
  [[ -f $file ]] || continue
  if [[ $file = *.sh ]] || { [[ -x $file ]] && head -n 1 "$file" | grep -qaE '^#!.*\b(ba|da)?sh\b'; }; then echo "$file"; fi
done)

names=()
jobs=()
# check <name> <number of files> <command...>: starts a linter; none is started for 0 files.
check() {
  local name=$1 files=$2
  shift 2
  names+=("$name")
  (
    start=$EPOCHREALTIME
    code=0
    if [[ $files -gt 0 ]]; then "$@" >"$work/log/$name" 2>&1 </dev/null || code=$?; fi
    awk -v name="$name" -v files="$files" -v a="$start" -v b="$EPOCHREALTIME" -v code="$code" \
      'BEGIN { printf "lint: %-28s %5.1f s  %3d files  %s\n", name, b - a, files,
          code ? "FAILED (exit " code ")" : files == 0 ? "nothing to check" : "ok" }'
    exit "$code"
  ) &
  jobs+=($!)
}

run_actionlint() { cd "$copy" && actionlint "${workflows[@]}"; }
run_act() {
  cd "$copy"
  local folder
  for folder in .github/workflows workflows; do
    [[ -n $(find "$folder" -name '*.yml' 2>/dev/null) ]] || continue
    env -i HOME="$work/home" PATH="$PATH" "$(type -P act)" --validate --strict -W "$folder" -P ubuntu-latest=-self-hosted || return 1
  done
}
run_zizmor() { zizmor --offline --no-progress --color=never --persona=auditor --strict-collection "$@"; }
schema() { check-jsonschema --builtin-schema "$@"; }
composite() {
  cd "$here" && python3 -B -m unittest --quiet composite_lint_test && python3 -B composite_lint.py "$root"
}

# In a copy of terraform/, since `get` and `init` write below each root. The provider cache has a folder for each CLI
# configuration: what a mirror serves must never be taken for the registry's. One `init` at a time writes to it.
prepare_root() {
  local folder=$1 config=${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc} key=registry
  if [[ -f $config ]]; then key=$(sha256sum "$config" | cut -c1-12); fi
  export TF_IN_AUTOMATION=1 TF_PLUGIN_CACHE_DIR=${TF_PLUGIN_CACHE_DIR:-$KECS_TEST_CACHE/terraform-plugins/$key}
  export TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=true
  mkdir -p "$TF_PLUGIN_CACHE_DIR"
  echo "$folder:"
  if [[ -f $config ]] && grep -q '^[[:space:]]*dev_overrides' "$config"; then
    terraform -chdir="$work/$folder" get -no-color
  elif ! flock "$work/init.lock" terraform -chdir="$work/$folder" init -backend=false -input=false -no-color; then
    echo "$folder: init failed. The provider comes from the Terraform registry, or from what TF_CLI_CONFIG_FILE" \
      "(now: ${TF_CLI_CONFIG_FILE:-unset}) names: a mirror of hashicorp/aws, or dev_overrides for it."
    return 1
  fi
}
validate_roots() {
  local folder
  for folder in "$@"; do
    prepare_root "$folder" && terraform -chdir="$work/$folder" validate -no-color || return 1
  done
}
test_root() { prepare_root "$1" && terraform -chdir="$work/$1" test -no-color; }

cp -R terraform "$work/terraform"
find "$work/terraform" -name .terraform -prune -exec rm -rf {} +
roots=(terraform/bootstrap terraform/environments/*/)
roots=("${roots[@]%/}")
mapfile -t terraform_files < <(find terraform -name .terraform -prune -o -name '*.tf' -print -o -name '*.tfvars' -print 2>/dev/null)
terraform_tests=(terraform/tests/*.tftest.hcl)
all=$((${#actions[@]} + ${#workflows[@]}))

check terraform-validate "${#roots[@]}" validate_roots "${roots[@]}"
check terraform-test "${#terraform_tests[@]}" test_root terraform/tests
check terraform-fmt "${#terraform_files[@]}" terraform fmt -check -diff -recursive terraform
check actionlint "${#workflows[@]}" run_actionlint
check zizmor "$((all + ${#dependabot[@]}))" run_zizmor "${actions[@]}" "${workflows[@]}" "${dependabot[@]}"
check schema-actions "${#actions[@]}" schema vendor.github-actions "${actions[@]}"
check schema-workflows "${#workflows[@]}" schema vendor.github-workflows "${workflows[@]}"
check schema-timeouts "${#reusable[@]}" schema custom.github-workflows-require-timeout "${reusable[@]}"
check schema-renovate "${#renovate[@]}" schema vendor.renovate "${renovate[@]}"
check act-validate "${#workflows[@]}" run_act
check composite-lint "$all" composite
check shellcheck "${#scripts[@]}" shellcheck --external-sources --source-path=SCRIPTDIR "${scripts[@]}"

failed=()
for index in "${!jobs[@]}"; do wait "${jobs[$index]}" || failed+=("${names[$index]}"); done
for name in "${failed[@]}"; do
  printf '\n--- %s\n' "$name"
  cat "$work/log/$name"
done
[[ ${#failed[@]} -eq 0 ]] || { echo "lint: failed: ${failed[*]}"; exit 1; }
