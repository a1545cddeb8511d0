# Only with db_managed_rotation. RDS changes the password every seven days, and a task knows the one of its start: its next connection would be refused.
# So each rotation starts a new deployment. EventBridge cannot call ECS itself; it runs a task of a few seconds that may update this one service.
# The event comes by way of CloudTrail: the account needs a trail for management events. From documentation (Secrets Manager, EventBridge), November 2026.

# Also while there is no image: the first one is then no more than a task definition and a service, which the deploy workflow may make.
locals {
  redeploys = var.db_managed_rotation
}

resource "aws_cloudwatch_event_rule" "rotated" {
  count = local.redeploys ? 1 : 0

  name        = "${var.name}-password-rotated"
  description = "RDS rotated the password of Keycloak's database."

  event_pattern = jsonencode({
    source      = ["aws.secretsmanager"]
    detail-type = ["AWS Service Event via CloudTrail"]
    detail = {
      eventName           = ["RotationSucceeded"]
      additionalEventData = { SecretId = [aws_db_instance.keycloak[0].master_user_secret[0].secret_arn] }
    }
  })
}

resource "aws_cloudwatch_event_target" "redeploy" {
  count = local.redeploys ? 1 : 0

  rule     = aws_cloudwatch_event_rule.rotated[0].name
  arn      = aws_ecs_cluster.keycloak.arn
  role_arn = aws_iam_role.rotated[0].arn

  ecs_target {
    task_definition_arn = aws_ecs_task_definition.redeploy[0].arn
    launch_type         = "FARGATE"
    task_count          = 1

    network_configuration {
      subnets          = local.private_subnet_ids
      security_groups  = [aws_security_group.keycloak.id]
      assign_public_ip = false
    }
  }
}

resource "aws_ecs_task_definition" "redeploy" {
  count = local.redeploys ? 1 : 0

  family                   = "${var.name}-redeploy"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.redeploy[0].arn

  container_definitions = jsonencode([{
    name                   = "redeploy"
    image                  = "public.ecr.aws/aws-cli/aws-cli:2.22.0"
    essential              = true
    readonlyRootFilesystem = true
    command                = ["ecs", "update-service", "--region", local.region, "--cluster", var.name, "--service", var.name, "--force-new-deployment", "--query", "service.serviceArn"]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.keycloak.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "redeploy"
      }
    }
  }])
}

resource "aws_iam_role" "redeploy" {
  count = local.redeploys ? 1 : 0

  name_prefix          = "${var.name}-redeploy-"
  description          = "After a rotation: start a new deployment."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "redeploy" {
  count = local.redeploys ? 1 : 0

  # One service may be told to start new tasks.
  statement {
    sid       = "StartANewDeployment"
    actions   = ["ecs:UpdateService"]
    resources = ["arn:${local.partition}:ecs:${local.region}:${local.account_id}:service/${var.name}/${var.name}"]
  }
}

resource "aws_iam_role_policy" "redeploy" {
  count = local.redeploys ? 1 : 0

  name   = "redeploy"
  role   = aws_iam_role.redeploy[0].id
  policy = data.aws_iam_policy_document.redeploy[0].json
}

data "aws_iam_policy_document" "rotated_assume" {
  count = local.redeploys ? 1 : 0

  # Only EventBridge of this account gets the role.
  statement {
    sid     = "EventBridgeOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "rotated" {
  count = local.redeploys ? 1 : 0

  name_prefix          = "${var.name}-rotated-"
  description          = "EventBridge: run the task that starts a new deployment."
  assume_role_policy   = data.aws_iam_policy_document.rotated_assume[0].json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "rotated" {
  count = local.redeploys ? 1 : 0

  # EventBridge runs the one task.
  statement {
    sid       = "RunTheTask"
    actions   = ["ecs:RunTask"]
    resources = [aws_ecs_task_definition.redeploy[0].arn]
  }

  # EventBridge gives the task its two roles.
  statement {
    sid       = "PassItsRoles"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn, aws_iam_role.redeploy[0].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "rotated" {
  count = local.redeploys ? 1 : 0

  name   = "rotated"
  role   = aws_iam_role.rotated[0].id
  policy = data.aws_iam_policy_document.rotated[0].json
}
