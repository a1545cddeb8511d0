# What goes into GitHub's settings and into the stacks' inputs.

output "plan_role_arn" {
  description = "Role for plans on pull requests: the repository's variable AWS_PLAN_ROLE_TO_ASSUME."
  value       = aws_iam_role.github["plan"].arn
}

output "build_role_arn" {
  description = "Role for the release workflow: the repository's variable AWS_ROLE_TO_ASSUME."
  value       = aws_iam_role.github["build"].arn
}

output "deploy_role_arns" {
  description = "Environment to the role for the deploy workflow: the variable AWS_ROLE_TO_ASSUME of each GitHub environment."
  value       = { for environment in keys(var.environments) : environment => aws_iam_role.github["deploy-${environment}"].arn }
}

output "infrastructure_role_arns" {
  description = "Environment to the role for a full apply: the variable AWS_ROLE_TO_ASSUME of each GitHub environment <environment>-infrastructure."
  value       = { for environment in keys(var.environments) : environment => aws_iam_role.github["infrastructure-${environment}"].arn }
}

output "permissions_boundary_arn" {
  description = "Boundary of every role of a stack: the module keycloak's input permissions_boundary."
  value       = aws_iam_policy.boundary.arn
}

output "policies" {
  description = "Role to its policy, as JSON, for those who review it."
  value       = local.policies
}

output "trust_policies" {
  description = "Role to its trust policy, as JSON."
  value       = { for role, document in data.aws_iam_policy_document.trust : role => document.json }
}

output "boundary" {
  description = "The boundary, as JSON."
  value       = data.aws_iam_policy_document.boundary.json
}
