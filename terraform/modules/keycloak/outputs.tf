# What the workflows and people read. Those up to next_steps are a contract with .github/workflows/deploy.yml.

output "aws_region" {
  description = "Region of the cluster."
  value       = local.region
}

output "ecr_repository_url" {
  description = "Registry and name of the image repository, without a tag."
  value       = local.repository_url
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.keycloak.name
}

output "service_name" {
  description = "Name of the ECS service; empty while there is no image, or no certificate."
  value       = join("", aws_ecs_service.keycloak[*].name)
}

output "task_definition_arn" {
  description = "Task definition, with its revision, that this apply put out; empty while there is no service."
  value       = join("", aws_ecs_task_definition.keycloak[*].arn)
}

output "s3_ping_bucket" {
  description = "Bucket of the peer list; empty with jdbc-ping."
  value       = join("", aws_s3_bucket.ping[*].bucket)
}

output "s3_ping_prefix" {
  description = "Prefix of the peer list in its bucket, without a slash at its end; empty with jdbc-ping."
  value       = local.uses_s3_ping ? local.s3_ping_prefix : ""
}

output "next_steps" {
  description = "What to do after this apply, in words."
  value       = local.next_steps
}

output "cluster_discovery" {
  description = "How the nodes find each other: s3-ping or jdbc-ping."
  value       = var.cluster_discovery
}

output "url" {
  description = "Address for users."
  value       = local.url
}

output "admin_url" {
  description = "Address of the administration console, for those in admin_cidrs; empty if nobody is."
  value       = length(var.admin_cidrs) == 0 ? "" : "${local.admin_url}/admin/"
}

output "load_balancer_dns_name" {
  description = "Name of the load balancer; where DNS is elsewhere, hostname is a CNAME of it."
  value       = aws_lb.keycloak.dns_name
}

output "name_servers" {
  description = "Name servers to which the parent of zone_name delegates; empty if no zone was made."
  value       = local.make_zone ? aws_route53_zone.keycloak[0].name_servers : []
}

output "bootstrap_admin_secret_arn" {
  description = "Secret with the first password of temp-admin; empty without bootstrap_admin."
  value       = join("", aws_secretsmanager_secret.admin[*].arn)
}

output "database_secret_arn" {
  description = "Secret with the database's address, user and password; empty if the database is brought."
  value       = join("", aws_secretsmanager_secret.database[*].arn, [for database in aws_db_instance.keycloak : database.master_user_secret[0].secret_arn if var.db_managed_rotation])
}

output "database_address" {
  description = "Host name of the database; empty if it is brought."
  value       = join("", aws_db_instance.keycloak[*].address)
}

output "security_group_id" {
  description = "Security group of the tasks, for rules elsewhere that let them in."
  value       = aws_security_group.keycloak.id
}

output "vpc_id" {
  description = "VPC of the stack."
  value       = local.vpc_id
}

output "task_role_arn" {
  description = "Role of the tasks, for policies elsewhere."
  value       = aws_iam_role.task.arn
}

output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.keycloak.name
}

output "egress_limits" {
  description = "What does not work because tasks reach AWS only; empty with egress = nat."
  value       = local.egress_limits
}
