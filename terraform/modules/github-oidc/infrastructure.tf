# The roles infrastructure: a full apply of one stack, behind a GitHub environment with reviewers.
# Where AWS can tell the stack's own things by their names, the role is held to these names; networks, certificates and zones have none.
# It makes roles, but each must carry the boundary: so it cannot make one that may do more than a task of Keycloak.

data "aws_iam_policy_document" "infrastructure_named" {
  for_each = local.stacks

  # Cluster, service and task definitions of the stack.
  statement {
    sid     = "Containers"
    actions = ["ecs:*"]
    resources = [
      "${each.value.ecs}:cluster/${each.value.name}",
      "${each.value.ecs}:service/${each.value.name}/*",
      "${each.value.ecs}:task-definition/${each.value.name}:*",
      "${each.value.ecs}:task-definition/${each.value.name}-redeploy:*",
    ]
  }

  # Registering takes no resource, hence the star.
  statement {
    sid       = "TaskDefinitions"
    actions   = ["ecs:CreateCluster", "ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"]
  }

  # The image repository that the stack makes; one that it is given is another stack's.
  statement {
    sid       = "Images"
    actions   = ["ecr:*"]
    resources = ["arn:${local.partition}:ecr:${local.region}:${local.account_id}:repository/${each.value.name}"]
  }

  # The database, its subnets, parameters and snapshots.
  statement {
    sid     = "Database"
    actions = ["rds:*"]
    resources = [
      for kind in ["db:${each.value.name}", "og:default:*", "pg:${each.value.name}-database-*", "snapshot:${each.value.name}-final-*", "subgrp:${each.value.name}-database-*"] :
      "arn:${local.partition}:rds:${local.region}:${local.account_id}:${kind}"
    ]
  }

  # The stack's secrets. A refresh reads their values.
  statement {
    sid     = "Secrets"
    actions = ["secretsmanager:*"]
    resources = [
      for secret in ["${each.value.name}-database-*", "${each.value.name}-bootstrap-admin-*"] : "arn:${local.partition}:secretsmanager:${local.region}:${local.account_id}:secret:${secret}"
    ]
  }

  # With db_managed_rotation, RDS makes the secret in the name of whoever makes the database.
  statement {
    sid       = "SecretOfTheDatabase"
    actions   = ["secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource"]
    resources = ["arn:${local.partition}:secretsmanager:${local.region}:${local.account_id}:secret:rds!db-*"]
  }

  # The buckets of the peer list and of the access log.
  statement {
    sid       = "Buckets"
    actions   = ["s3:*"]
    resources = flatten([for bucket in ["${each.value.name}-s3-ping-*", "${each.value.name}-alb-logs-*"] : ["arn:${local.partition}:s3:::${bucket}", "arn:${local.partition}:s3:::${bucket}/*"]])
  }

  # The log groups of tasks, database and network.
  statement {
    sid     = "Logs"
    actions = ["logs:*"]
    resources = flatten([
      for group in ["/ecs/${each.value.name}", "/aws/rds/instance/${each.value.name}/*", "/vpc/${each.value.name}"] :
      ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${group}", "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${group}:*"]
    ])
  }

  # The alarms, and the rule that hears of a rotation.
  statement {
    sid     = "AlarmsAndRules"
    actions = ["cloudwatch:*", "events:*"]
    resources = [
      "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${each.value.name}/*",
      "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${each.value.name}-password-rotated",
    ]
  }

  # A key of yours, as RDS and Secrets Manager use it.
  dynamic "statement" {
    for_each = var.kms_key == null ? [] : [var.kms_key.arn]

    content {
      sid       = "TheKey"
      actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "infrastructure" {
  for_each = local.stacks

  source_policy_documents = [
    data.aws_iam_policy_document.state[each.key].json,
    data.aws_iam_policy_document.infrastructure_named[each.key].json,
    data.aws_iam_policy_document.infrastructure_shared.json,
    data.aws_iam_policy_document.infrastructure_roles[each.key].json,
  ]
}
