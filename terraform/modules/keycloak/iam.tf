# Two roles. ECS itself uses the execution role before Keycloak starts: it pulls the image, reads the secrets, opens the log stream.
# Keycloak uses the task role: it reads and writes the list of peers, and nothing else. Only ECS tasks of this account may assume either.
# The comment above a statement is its sentence in docs/iam.md.

data "aws_iam_policy_document" "assume" {
  # Only tasks of this account's ECS get the role.
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
      values   = [local.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:ecs:${local.region}:${local.account_id}:*"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix          = "${var.name}-execution-"
  description          = "ECS: pull the image, read the secrets, write the log."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "execution" {
  # Logging in to ECR takes no resource, hence the star.
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  # The image is pulled from one repository.
  statement {
    sid       = "PullTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.repository_arn]
  }

  # What the container prints goes to its own log group.
  statement {
    sid       = "WriteTheLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.keycloak.arn}:*"]
  }

  # The secrets that the container gets as environment variables are read, and no others.
  dynamic "statement" {
    for_each = length(local.secret_arns) > 0 ? [local.secret_arns] : []

    content {
      sid       = "ReadTheSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  # The same for those that are kept in Parameter Store.
  dynamic "statement" {
    for_each = length(local.parameter_arns) > 0 ? [local.parameter_arns] : []

    content {
      sid       = "ReadTheParameters"
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }

  # A key of yours decrypts, for Secrets Manager and Parameter Store only.
  dynamic "statement" {
    for_each = var.kms_key == null ? [] : [var.kms_key.arn]

    content {
      sid       = "DecryptTheSecrets"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in ["secretsmanager", "ssm"] : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name_prefix          = "${var.name}-task-"
  description          = "Keycloak: read and write the list of peers."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "task" {
  # A node looks whether the bucket is there and who is in it; HeadBucket is refused if this has a condition on the prefix, and the node exits.
  dynamic "statement" {
    for_each = aws_s3_bucket.ping[*].arn

    content {
      sid       = "FindThePeerList"
      actions   = ["s3:ListBucket"]
      resources = [statement.value]
    }
  }

  # A node writes its list, reads the others', and deletes those of nodes that are gone.
  dynamic "statement" {
    for_each = aws_s3_bucket.ping[*].arn

    content {
      sid       = "ReadAndWriteThePeerList"
      actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      resources = ["${statement.value}/${local.s3_ping_prefix}/*"]
    }
  }

  # A node that does not find its bucket would make one and be alone in it: any bucket, hence the star.
  statement {
    sid       = "NeverMakeABucket"
    effect    = "Deny"
    actions   = ["s3:CreateBucket"]
    resources = ["*"]
  }

  # ECS Exec opens its channel as the task; it takes no resource, hence the star.
  dynamic "statement" {
    for_each = var.enable_execute_command ? ["on"] : []

    content {
      sid       = "OpenAShell"
      actions   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "task" {
  name   = "task"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}
