#!/usr/bin/env bash
# Writes terraform/tests/policies: the policies of the roles, for one set of inputs, as IAM gets them. `terraform test` compares them.
# Needs Terraform, the AWS provider (TF_CLI_CONFIG_FILE as for lint.sh) and either an account or a provider that makes one up.
#
#   policies.sh      then read the difference
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
terraform=$here/../../terraform
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$terraform" "$work/terraform"
cd "$work/terraform/tests/fixtures/policies"
printf 'provider "aws" {\n  region = "eu-west-1"\n}\n' >provider.tf

if grep -qs '^[[:space:]]*dev_overrides' "${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc}"; then
  terraform get >/dev/null
else
  terraform init -input=false >/dev/null
fi
terraform plan -input=false -out=plan >/dev/null
terraform show -json plan | python3 -c '
import json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
policies = json.load(sys.stdin)["planned_values"]["outputs"]["policies"]["value"]
for file in folder.glob("*.json"):
    file.unlink()
for name, policy in policies.items():
    (folder / f"{name}.json").write_text(json.dumps(json.loads(policy), indent=2) + "\n")
print(f"{len(policies)} policies in {folder}")
' "$(cd "$terraform/tests/policies" && pwd)"
