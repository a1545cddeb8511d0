# The rest of the roles infrastructure: what AWS cannot tell by name, held to the region; and roles, held to the boundary.

data "aws_iam_policy_document" "infrastructure_shared" {
  # Network and load balancer, in the stack's region: their ids are not known before they are made.
  statement {
    sid = "NetworkAndLoadBalancer"
    actions = [
      "ec2:AllocateAddress", "ec2:Associate*", "ec2:Attach*", "ec2:Authorize*", "ec2:Create*", "ec2:Delete*", "ec2:Describe*", "ec2:Detach*", "ec2:Disassociate*",
      "ec2:GetManagedPrefixListEntries", "ec2:Modify*", "ec2:ReleaseAddress", "ec2:Replace*", "ec2:Revoke*", "ec2:UpdateSecurityGroupRuleDescriptions*", "elasticloadbalancing:*",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [local.region]
    }
  }

  # No server is ever made: the star above is for networks.
  statement {
    sid       = "NoServers"
    effect    = "Deny"
    actions   = ["ec2:CreateFleet", "ec2:CreateKeyPair", "ec2:CreateLaunchTemplate*", "ec2:ModifyInstance*", "ec2:RunInstances"]
    resources = ["*"]
  }

  # Certificates, in the stack's region, and scaling.
  statement {
    sid       = "CertificatesAndScaling"
    actions   = ["acm:*", "application-autoscaling:*"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [local.region]
    }
  }

  # Zones and records: Route 53 is not in a region, and a zone's id is not known before it is made.
  statement {
    sid = "Names"
    actions = [
      "route53:ChangeResourceRecordSets", "route53:ChangeTagsForResource", "route53:CreateHostedZone", "route53:DeleteHostedZone", "route53:GetChange", "route53:GetHostedZone",
      "route53:ListHostedZones*", "route53:ListResourceRecordSets", "route53:ListTagsForResource", "route53:UpdateHostedZoneComment",
    ]
    resources = ["*"]
  }

  # Calls that list, or that take no resource.
  statement {
    sid = "LookUpAndThrow"
    actions = [
      "cloudwatch:DescribeAlarms", "ecr:GetAuthorizationToken", "ecs:ListServices", "logs:DescribeLogGroups", "logs:ListTagsForResource", "rds:Describe*", "secretsmanager:GetRandomPassword",
      "secretsmanager:ListSecrets",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "infrastructure_roles" {
  for_each = local.stacks

  # Roles of the stack are made and changed only with the boundary on them.
  statement {
    sid       = "RolesWithinTheBoundary"
    actions   = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    resources = [for role in local.stack_roles[each.key] : role]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local.boundary_arn]
    }
  }

  # What gives a role no rights needs no boundary.
  statement {
    sid = "RolesOfTheStack"
    actions = [
      "iam:DeleteRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:ListRoleTags", "iam:TagRole",
      "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
    ]
    resources = [for role in local.stack_roles[each.key] : role]
  }

  # They are given to tasks, flow logs and EventBridge, and to nothing else.
  statement {
    sid       = "PassTheStacksRoles"
    actions   = ["iam:PassRole"]
    resources = [for role in local.stack_roles[each.key] : role]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "events.amazonaws.com", "vpc-flow-logs.amazonaws.com"]
    }
  }

  # The roles with which AWS's services run, the first time in an account.
  statement {
    sid       = "RolesOfServices"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${local.partition}:iam::${local.account_id}:role/aws-service-role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com", "rds.amazonaws.com"]
    }
  }
}

locals {
  stack_roles = { for environment, stack in var.environments : environment => [
    for kind in ["execution", "flow-log", "redeploy", "rotated", "task"] : "arn:${local.partition}:iam::${local.account_id}:role/${stack}-${kind}-*"
  ] }
}
