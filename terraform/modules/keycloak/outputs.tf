# What the workflows and people read. The names are a contract with .github/workflows/deploy.yml.

output "aws_region" {
  description = "Region of the cluster."
  value       = data.aws_region.current.region
}

output "ecr_repository_url" {
  description = "Registry and name of the image repository, without a tag."
  value       = aws_ecr_repository.keycloak.repository_url
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.keycloak.name
}

output "service_name" {
  description = "Name of the ECS service; empty while there is no image."
  value       = join("", aws_ecs_service.keycloak[*].name)
}

output "task_definition_arn" {
  description = "Task definition, with its revision, that this apply put out; empty while there is no image."
  value       = join("", aws_ecs_task_definition.keycloak[*].arn)
}

output "s3_ping_bucket" {
  description = "Bucket of the peer list."
  value       = aws_s3_bucket.ping.bucket
}

output "s3_ping_prefix" {
  description = "Prefix of the peer list in its bucket, without a slash at its end."
  value       = local.s3_ping_prefix
}

output "next_steps" {
  description = "What to do after this apply, in words."
  value = local.has_image ? join("\n", [
    "${local.image} is the image of the service ${var.name}.",
    "The deploy workflow waits until its tasks run, and checks that the nodes found each other.",
    ]) : join("\n", [
    "The image repository ${aws_ecr_repository.keycloak.repository_url} is there; there is no service, since keycloak_image_tag is empty.",
    "1. Push a change under docker/ to main: the release workflow builds the image and opens a pull request with its tag.",
    "2. Merge that pull request: the deploy workflow then makes the service.",
  ])
}
