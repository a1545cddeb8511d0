# Passed on from the module. The names are a contract with the deploy workflow.

output "aws_region" {
  description = "Region of the cluster."
  value       = module.keycloak.aws_region
}

output "ecr_repository_url" {
  description = "Registry and name of the image repository, without a tag."
  value       = module.keycloak.ecr_repository_url
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.keycloak.cluster_name
}

output "service_name" {
  description = "Name of the ECS service; empty while there is no image."
  value       = module.keycloak.service_name
}

output "task_definition_arn" {
  description = "Task definition, with its revision, that this apply put out; empty while there is no image."
  value       = module.keycloak.task_definition_arn
}

output "s3_ping_bucket" {
  description = "Bucket of the peer list."
  value       = module.keycloak.s3_ping_bucket
}

output "s3_ping_prefix" {
  description = "Prefix of the peer list in its bucket, without a slash at its end."
  value       = module.keycloak.s3_ping_prefix
}

output "next_steps" {
  description = "What to do after this apply, in words."
  value       = module.keycloak.next_steps
}
