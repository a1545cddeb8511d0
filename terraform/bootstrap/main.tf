# Once for each account, by a person with the rights of an administrator, before any environment: what workflows need to run at all.
# The bucket for Terraform's states, and the roles that GitHub's jobs get without a stored key.

data "aws_caller_identity" "current" {}

locals {
  state_bucket = "${var.name}-terraform-${data.aws_caller_identity.current.account_id}-${var.aws_region}"
}

module "github_oidc" {
  source = "../modules/github-oidc"

  name              = var.name
  repository        = var.repository
  repository_id     = var.repository_id
  owner_id          = var.owner_id
  legacy_subject    = var.legacy_subject
  environments      = var.environments
  image_repository  = var.image_repository
  state_bucket      = local.state_bucket
  job_workflow_refs = var.job_workflow_refs
  more_claims       = var.more_claims
  oidc_provider     = var.oidc_provider
  kms_key           = var.kms_key
  secrets           = var.secrets
}
