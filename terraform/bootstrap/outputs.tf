# What the environments and GitHub's settings need.

output "state_bucket" {
  description = "Bucket for Terraform's states, for the backend of each root."
  value       = aws_s3_bucket.state.bucket
}

output "backend" {
  description = "Lines for the backend of each root."
  value       = "bucket       = \"${aws_s3_bucket.state.bucket}\"\nregion       = \"${var.aws_region}\""
}

output "plan_role_arn" {
  description = "Role for plans on pull requests: the repository's variable AWS_PLAN_ROLE_TO_ASSUME."
  value       = module.github_oidc.plan_role_arn
}

output "build_role_arn" {
  description = "Role for the release workflow."
  value       = module.github_oidc.build_role_arn
}

output "deploy_role_arns" {
  description = "Environment to the role for the deploy workflow."
  value       = module.github_oidc.deploy_role_arns
}

output "infrastructure_role_arns" {
  description = "Environment to the role for a full apply."
  value       = module.github_oidc.infrastructure_role_arns
}

output "permissions_boundary_arn" {
  description = "Boundary of every role of a stack: the input permissions_boundary of the environments."
  value       = module.github_oidc.permissions_boundary_arn
}

output "next_steps" {
  description = "What to do after this apply, in words."
  value = join("\n", concat(
    [
      "Write these lines into the backend of bootstrap/ (then: terraform init -migrate-state) and of each folder of environments/, in terraform.tf:",
      "  bucket       = \"${aws_s3_bucket.state.bucket}\"",
      "  region       = \"${var.aws_region}\"",
      "Write permissions_boundary = \"${module.github_oidc.permissions_boundary_arn}\" into the terraform.tfvars of each environment.",
      "In GitHub, make the environments, with reviewers where somebody is to approve, and set the variables:",
      "  gh variable set AWS_REGION --body ${var.aws_region}",
      "  gh variable set AWS_ROLE_TO_ASSUME --body ${module.github_oidc.build_role_arn}",
      "  gh variable set AWS_PLAN_ROLE_TO_ASSUME --body ${module.github_oidc.plan_role_arn}",
    ],
    [for environment, role in module.github_oidc.deploy_role_arns : "  gh variable set AWS_ROLE_TO_ASSUME --env ${environment} --body ${role}"],
    [for environment, role in module.github_oidc.infrastructure_role_arns : "  gh variable set AWS_ROLE_TO_ASSUME --env ${environment}-infrastructure --body ${role}"],
  ))
}
