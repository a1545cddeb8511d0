# The cluster, and, once there is an image, the task definition and the service.
# Terraform alone registers task definitions: the deploy workflow waits for the one that this apply put out.
# A rollback is therefore a change of image.auto.tfvars, never a task definition registered beside Terraform.

data "aws_region" "current" {}

locals {
  has_image = var.image_tag != ""
  image     = join("@", compact(["${aws_ecr_repository.keycloak.repository_url}:${var.image_tag}", var.image_digest]))

  environment = merge(
    {
      KC_CACHE_CONFIG_FILE         = "cache-ispn-s3.xml"
      KC_HTTP_ENABLED              = "true"
      KC_PROXY_HEADERS             = "xforwarded"
      JGROUPS_AWS_S3_REGION_NAME   = data.aws_region.current.region
      JGROUPS_AWS_S3_BUCKET_NAME   = aws_s3_bucket.ping.bucket
      JGROUPS_AWS_S3_BUCKET_PREFIX = local.s3_ping_prefix
    },
    var.environment,
  )

  ports = concat([8080, 9000], values(local.jgroups_ports))

  # The image has bash and grep but no curl. Liveness, not readiness: a database that fails over must not restart every node.
  health_command = join(" && ", [
    "exec 3<>/dev/tcp/127.0.0.1/9000",
    "printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3",
    "grep -q '^HTTP/1.[01] 200' <&3",
  ])
}

resource "aws_ecs_cluster" "keycloak" {
  name = var.name
}

resource "aws_ecs_task_definition" "keycloak" {
  count = local.has_image ? 1 : 0

  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # A rollback goes to the revision before this one: it must stay registered.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([{
    name         = "keycloak"
    image        = local.image
    essential    = true
    stopTimeout  = 90
    portMappings = [for port in local.ports : { containerPort = port, protocol = "tcp" }]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets      = [for name, arn in var.secrets : { name = name, valueFrom = arn }]

    healthCheck = {
      command     = ["CMD", "bash", "-c", local.health_command]
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = 300
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.keycloak.name
        awslogs-region        = data.aws_region.current.region
        awslogs-stream-prefix = "keycloak"
      }
    }
  }])

  # The nodes read and write the peer list from their first second on.
  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}

resource "aws_ecs_service" "keycloak" {
  count = local.has_image ? 1 : 0

  name            = var.name
  cluster         = aws_ecs_cluster.keycloak.id
  task_definition = aws_ecs_task_definition.keycloak[0].arn
  desired_count   = var.desired_count
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"

  # The deploy workflow waits, and says what happened and why; an apply that waits holds the state's lock and says little.
  wait_for_steady_state = false

  # One node more than desired, 150 for two: at 200 all old nodes stop together, and logins in flight are lost.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = ceil(100 * (var.desired_count + 1) / var.desired_count)

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.keycloak.id]
    assign_public_ip = var.assign_public_ip
  }

  lifecycle {
    # Autoscaling owns it after the first apply.
    ignore_changes = [desired_count]
  }
}
