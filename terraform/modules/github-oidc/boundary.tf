# The most that any role of a stack may do, whatever its policies say. The roles infrastructure can make no role without it, and cannot change it.

locals {
  boundary_name = "${var.name}-boundary"
  boundary_arn  = "arn:${local.partition}:iam::${local.account_id}:policy/${local.boundary_name}"
  stack_names   = values(var.environments)
}

data "aws_iam_policy_document" "boundary" {
  # Pull an image, open a shell's channel, write a log: what a task's start takes.
  statement {
    sid = "StartATask"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
      "logs:PutLogEvents", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  # Read the secrets and parameters whose names start with a stack's, the database's, which RDS names, and those that the input secrets lists.
  statement {
    sid     = "ReadSecrets"
    actions = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
    resources = concat(var.secrets, ["arn:${local.partition}:secretsmanager:${local.region}:${local.account_id}:secret:rds!db-*"], flatten([for stack in local.stack_names : [
      "arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${stack}-*", "arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${stack}/*",
      "arn:${local.partition}:ssm:*:${local.account_id}:parameter/${stack}-*", "arn:${local.partition}:ssm:*:${local.account_id}:parameter/${stack}/*",
    ]]))
  }

  # Decrypt with a key of this account, when Secrets Manager or Parameter Store ask for it.
  statement {
    sid       = "DecryptSecrets"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["secretsmanager.*", "ssm.*"]
    }
  }

  # Use the peer lists of the stacks.
  statement {
    sid       = "UseThePeerLists"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    resources = flatten([for stack in local.stack_names : ["arn:${local.partition}:s3:::${stack}-s3-ping-*", "arn:${local.partition}:s3:::${stack}-s3-ping-*/*"]])
  }

  # Start a new deployment after a rotation.
  statement {
    sid     = "RedeployAfterARotation"
    actions = ["ecs:RunTask", "ecs:UpdateService"]
    resources = flatten([for stack in local.stack_names : [
      "arn:${local.partition}:ecs:${local.region}:${local.account_id}:service/${stack}/${stack}",
      "arn:${local.partition}:ecs:${local.region}:${local.account_id}:task-definition/${stack}-redeploy:*",
    ]])
  }

  # For that task only.
  statement {
    sid       = "PassItsRoles"
    actions   = ["iam:PassRole"]
    resources = flatten([for stack in local.stack_names : ["arn:${local.partition}:iam::${local.account_id}:role/${stack}-execution-*", "arn:${local.partition}:iam::${local.account_id}:role/${stack}-redeploy-*"]])

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = local.boundary_name
  description = "The most that a role of a Keycloak stack may do."
  policy      = data.aws_iam_policy_document.boundary.json
}
