# The task definition: one container with a read-only root file system and the two folders that Keycloak writes to.
# Everything that is set here is a run-time option; build options are fixed in the image.
# The two folders are empty volumes. Fargate gives one the owner that the image's folder has, if the image declares it as VOLUME (docker/Dockerfile does).

locals {
  image = join("@", compact(["${local.repository_url}:${var.image_tag}", var.image_digest]))

  url       = "https://${var.hostname}${var.relative_path}"
  admin_url = var.admin_hostname == null ? local.url : "https://${var.admin_hostname}${var.relative_path}"

  environment = merge(
    var.environment,
    {
      KC_HOSTNAME         = local.url
      KC_HTTP_ENABLED     = "true"
      KC_PROXY_HEADERS    = "xforwarded"
      KC_DB_URL           = local.database_url
      KC_DB_USERNAME      = local.database_username
      KC_DB_POOL_MAX_SIZE = tostring(var.db_pool_size)

      # ECS sends SIGTERM after the load balancer let the node's requests end. The leave of the cluster needs the rest of stopTimeout.
      KC_SHUTDOWN_DELAY   = "1s"
      KC_SHUTDOWN_TIMEOUT = "30s"
    },
    var.admin_hostname == null ? {} : { KC_HOSTNAME_ADMIN = local.admin_url },
    var.bootstrap_admin ? { KC_BOOTSTRAP_ADMIN_USERNAME = "temp-admin" } : {},
    local.uses_s3_ping ? {
      KC_CACHE_CONFIG_FILE         = "cache-ispn-s3.xml"
      JGROUPS_AWS_S3_REGION_NAME   = local.region
      JGROUPS_AWS_S3_BUCKET_NAME   = aws_s3_bucket.ping[0].bucket
      JGROUPS_AWS_S3_BUCKET_PREFIX = local.s3_ping_prefix
    } : {},
    local.bind_address,
  )

  ports    = concat(values(local.alb_ports), values(local.jgroups_ports))
  writable = { data = "/opt/keycloak/data", tmp = "/tmp" }

  # The image has bash and grep but no curl. Liveness, not readiness: a database that fails over must not restart every node.
  health_command = join(" && ", [
    "exec 3<>/dev/tcp/127.0.0.1/9000",
    "printf 'GET ${var.relative_path}/health/live HTTP/1.0\\r\\n\\r\\n' >&3",
    "grep -q '^HTTP/1.[01] 200' <&3",
  ])
}

resource "aws_ecs_task_definition" "keycloak" {
  count = local.has_service ? 1 : 0

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
    cpu_architecture        = var.cpu_architecture
  }

  dynamic "volume" {
    for_each = local.writable

    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([{
    name         = "keycloak"
    image        = local.image
    essential    = true
    stopTimeout  = 90
    portMappings = [for port in local.ports : { containerPort = port, hostPort = port, protocol = "tcp" }]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets      = [for name, arn in local.secrets : { name = name, valueFrom = arn }]
    mountPoints  = [for name, path in local.writable : { sourceVolume = name, containerPath = path, readOnly = false }]

    # ECS Exec puts its agent into the root file system.
    readonlyRootFilesystem = !var.enable_execute_command

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
        awslogs-region        = local.region
        awslogs-stream-prefix = "keycloak"
      }
    }
  }])
}
