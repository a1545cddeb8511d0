# The roles deploy: one for each environment. terraform apply -refresh=false of a changed image, then deploy-service and check-cluster.
# What such an apply changes is a task definition and the service; the first one also makes the service, its scaling and its alarms.
# A plan with any other change is for the infrastructure role: the deploy workflow applies nothing of it, and IAM would refuse it.

locals {
  stacks = { for environment, stack in var.environments : environment => {
    state      = "${local.state_arn}/${local.state_keys[environment]}"
    ecs        = "arn:${local.partition}:ecs:${local.region}:${local.account_id}"
    name       = stack
    service    = "arn:${local.partition}:ecs:${local.region}:${local.account_id}:service/${stack}/${stack}"
    log_group  = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/ecs/${stack}"
    ping       = "arn:${local.partition}:s3:::${stack}-s3-ping-*"
    task_roles = [for kind in ["execution", "task"] : "arn:${local.partition}:iam::${local.account_id}:role/${stack}-${kind}-*"]
  } }
}

data "aws_iam_policy_document" "state" {
  for_each = local.stacks

  # The state of the environment is read and written, and locked by an object beside it.
  statement {
    sid       = "KeepTheState"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = [each.value.state, "${each.value.state}.tflock"]
  }

  # The lock is taken away again; the state itself cannot be.
  statement {
    sid       = "UnlockTheState"
    actions   = ["s3:DeleteObject"]
    resources = ["${each.value.state}.tflock"]
  }

  # Terraform looks whether the state is there. With a condition on the prefix S3 would answer 403, not 404, for one that is not.
  statement {
    sid       = "FindTheState"
    actions   = ["s3:ListBucket"]
    resources = [local.state_arn]
  }
}

data "aws_iam_policy_document" "deploy_terraform" {
  for_each = local.stacks

  # A task definition is registered and read; these calls take no resource, hence the star.
  statement {
    sid       = "RegisterTheTaskDefinition"
    actions   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"]
  }

  # The task definition and the service get the stack's tags when they are made, and later no others.
  statement {
    sid       = "TagThem"
    actions   = ["ecs:TagResource"]
    resources = [each.value.service, "${each.value.ecs}:task-definition/${each.value.name}:*"]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["CreateService", "RegisterTaskDefinition"]
    }
  }

  # The service is made, and told its task definition.
  statement {
    sid       = "ChangeTheService"
    actions   = ["ecs:CreateService", "ecs:UpdateService"]
    resources = [each.value.service]
  }

  # The task definition names the stack's two roles, for tasks only.
  statement {
    sid       = "PassTheTasksRoles"
    actions   = ["iam:PassRole"]
    resources = each.value.task_roles

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  # With the service comes its scaling.
  statement {
    sid = "ScaleTheService"
    actions = [
      "application-autoscaling:ListTagsForResource", "application-autoscaling:PutScalingPolicy", "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource",
    ]
    resources = ["arn:${local.partition}:application-autoscaling:${local.region}:${local.account_id}:scalable-target/*"]

    condition {
      test     = "StringEqualsIfExists"
      variable = "application-autoscaling:service-namespace"
      values   = ["ecs"]
    }
  }

  # Looking for it takes no resource, hence the star.
  statement {
    sid       = "FindItsScaling"
    actions   = ["application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"]
    resources = ["*"]
  }

  # The first scaling of an account makes the role that it runs with.
  statement {
    sid       = "LetEcsScale"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${local.partition}:iam::${local.account_id}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["ecs.application-autoscaling.amazonaws.com"]
    }
  }

  # With the service come its alarms.
  statement {
    sid       = "WatchTheService"
    actions   = ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"]
    resources = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${each.value.name}/*"]
  }
}
