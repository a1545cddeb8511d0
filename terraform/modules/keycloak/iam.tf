# Two roles. ECS itself uses the execution role before Keycloak starts: it pulls the image, reads the secrets, opens the log stream.
# Keycloak uses the task role: it reads and writes the list of peers, and nothing else.
# Only ECS tasks of this account may assume either.

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "assume" {
  statement {
    sid     = "EcsTasksOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-execution-"
  description        = "ECS: pull the image, read the secrets, write the log."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

locals {
  # A reference to one key of a secret ends in ":key:stage:version"; the policy names the secret, the first seven parts.
  secret_arns = distinct([
    for arn in values(var.secrets) : join(":", slice(split(":", arn), 0, min(7, length(split(":", arn)))))
  ])
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid     = "RegistryLogin"
    actions = ["ecr:GetAuthorizationToken"]
    # This action takes no resource.
    resources = ["*"]
  }

  statement {
    sid       = "PullTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [aws_ecr_repository.keycloak.arn]
  }

  statement {
    sid       = "WriteTheLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.keycloak.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(local.secret_arns) > 0 ? [local.secret_arns] : []

    content {
      sid       = "ReadTheSecrets"
      actions   = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
      resources = statement.value
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-task-"
  description        = "Keycloak: read and write the list of peers."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "task" {
  # HeadBucket needs it without a condition on the prefix: with one, the node is refused and exits.
  statement {
    sid       = "FindThePeerList"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.ping.arn]
  }

  statement {
    sid       = "ReadAndWriteThePeerList"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.ping.arn}/${local.s3_ping_prefix}/*"]
  }

  # A node that does not find its bucket would make one, of its own and alone in it. Any bucket, hence "*".
  statement {
    sid       = "NeverMakeABucket"
    effect    = "Deny"
    actions   = ["s3:CreateBucket"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "task" {
  name   = "s3-ping"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}
