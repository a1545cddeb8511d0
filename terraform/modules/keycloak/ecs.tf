# The cluster, and, once there are an image and a certificate, the service.
# Terraform alone registers task definitions: the deploy workflow waits for the one that this apply put out.
# A rollback is therefore a change of image.auto.tfvars, never a task definition registered beside Terraform.

resource "aws_ecs_cluster" "keycloak" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

resource "aws_ecs_service" "keycloak" {
  count = local.has_service ? 1 : 0

  name                   = var.name
  cluster                = aws_ecs_cluster.keycloak.id
  task_definition        = aws_ecs_task_definition.keycloak[0].arn
  desired_count          = var.min_nodes
  launch_type            = "FARGATE"
  propagate_tags         = "SERVICE"
  enable_execute_command = var.enable_execute_command

  health_check_grace_period_seconds = var.health_check_grace_period_seconds

  # The deploy workflow waits, and says what happened and why; an apply that waits holds the state's lock and says little.
  wait_for_steady_state = false

  # One node more than the least: 150 for two. At 200 ECS would stop all old nodes together, and an authentication session has two owners.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = ceil(100 * (var.min_nodes + 1) / var.min_nodes)

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = local.private_subnet_ids
    security_groups  = [aws_security_group.keycloak.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.keycloak.arn
    container_name   = "keycloak"
    container_port   = 8080
  }

  lifecycle {
    # Autoscaling owns it after the first apply.
    ignore_changes = [desired_count]
  }

  # ECS takes a target group only when a listener uses it; a node needs its rights, its secrets, its way out, its database and the other
  # nodes from the first second on, or the circuit breaker has counted its failures before all of that was there.
  depends_on = [
    aws_lb_listener_rule.users,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_secretsmanager_secret_version.admin,
    aws_route_table_association.private,
    aws_route.nat,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.all,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_egress_rule.endpoints,
    aws_vpc_security_group_egress_rule.jgroups,
    aws_vpc_security_group_egress_rule.s3,
    aws_vpc_security_group_ingress_rule.alb_to_keycloak,
    aws_vpc_security_group_ingress_rule.database,
    aws_vpc_security_group_ingress_rule.endpoints,
    aws_vpc_security_group_ingress_rule.jgroups,
    aws_s3_bucket_policy.ping,
  ]
}
