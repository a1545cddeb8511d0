# Passed on from the module. Those up to next_steps are a contract with the deploy workflow.

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
  description = "Name of the ECS service; empty while there is no image, or no certificate."
  value       = module.keycloak.service_name
}

output "task_definition_arn" {
  description = "Task definition, with its revision, that this apply put out; empty while there is no service."
  value       = module.keycloak.task_definition_arn
}

output "s3_ping_bucket" {
  description = "Bucket of the peer list; empty with jdbc-ping."
  value       = module.keycloak.s3_ping_bucket
}

output "s3_ping_prefix" {
  description = "Prefix of the peer list in its bucket, without a slash at its end; empty with jdbc-ping."
  value       = module.keycloak.s3_ping_prefix
}

output "next_steps" {
  description = "What to do after this apply, in words."
  value       = module.keycloak.next_steps
}

output "cluster_discovery" {
  description = "How the nodes find each other: s3-ping or jdbc-ping."
  value       = module.keycloak.cluster_discovery
}

output "url" {
  description = "Address for users."
  value       = module.keycloak.url
}

output "admin_url" {
  description = "Address of the administration console; empty if nobody may reach it."
  value       = module.keycloak.admin_url
}

output "load_balancer_dns_name" {
  description = "Name of the load balancer; where DNS is elsewhere, hostname is a CNAME of it."
  value       = module.keycloak.load_balancer_dns_name
}

output "name_servers" {
  description = "Name servers to which the parent of zone_name delegates; empty if no zone was made."
  value       = module.keycloak.name_servers
}

output "bootstrap_admin_secret_arn" {
  description = "Secret with the first password of temp-admin; empty without bootstrap_admin."
  value       = module.keycloak.bootstrap_admin_secret_arn
}

output "database_secret_arn" {
  description = "Secret with the database's address, user and password; empty if the database is brought."
  value       = module.keycloak.database_secret_arn
}
