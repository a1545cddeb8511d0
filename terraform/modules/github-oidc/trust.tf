# Who gets the roles: jobs of one repository, told apart by what GitHub signs into their tokens.
# Always: the audience, the repository by number, and the exact subject. sub has two forms; the new one names owner and repository by number too.
# Roles that change something also want the claims ref and environment, which sub alone would leave open or to the form of sub.
# A pattern in job_workflow_refs trusts whoever can move a ref that it matches, in the repository that it names; a commit trusts nobody further.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region

  provider_arn = var.oidc_provider == null ? "arn:${local.partition}:iam::${local.account_id}:oidc-provider/${var.issuer}" : var.oidc_provider.arn

  owner = split("/", var.repository)[0]
  name  = split("/", var.repository)[1]
  subjects = concat(
    ["repo:${local.owner}@${var.owner_id}/${local.name}@${var.repository_id}"],
    var.legacy_subject ? ["repo:${var.repository}"] : [],
  )

  # Role to what its job's token says. A job that names an environment has it in its sub, whatever started it.
  roles = merge(
    {
      plan  = { kind = "plan", context = "pull_request", environment = null, does = "Terraform: plan on a pull request." }
      build = { kind = "build", context = "ref:${var.ref}", environment = null, does = "Push the image." }
    },
    { for environment in keys(var.environments) : "deploy-${environment}" => {
      kind = "deploy", context = "environment:${environment}", environment = environment, does = "Deploy an image, and look at the cluster."
    } },
    { for environment in keys(var.environments) : "infrastructure-${environment}" => {
      kind = "infrastructure", context = "environment:${environment}-infrastructure", environment = "${environment}-infrastructure", does = "Terraform: apply everything."
    } },
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider == null ? 1 : 0

  url            = "https://${var.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  # Jobs of the repository whose token says what the role is for.
  statement {
    sid     = "JobsOfTheRepository"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.issuer}:repository_id"
      values   = [var.repository_id]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.issuer}:sub"
      values   = [for subject in local.subjects : "${subject}:${each.value.context}"]
    }

    dynamic "condition" {
      for_each = each.value.environment == null ? {} : { environment = each.value.environment, ref = var.ref }

      content {
        test     = "StringEquals"
        variable = "${var.issuer}:${condition.key}"
        values   = [condition.value]
      }
    }

    dynamic "condition" {
      for_each = length(lookup(var.job_workflow_refs, each.value.kind, [])) > 0 ? [var.job_workflow_refs[each.value.kind]] : []

      content {
        test     = "StringLike"
        variable = "${var.issuer}:job_workflow_ref"
        values   = condition.value
      }
    }

    dynamic "condition" {
      for_each = var.more_claims

      content {
        test     = "StringEquals"
        variable = "${var.issuer}:${condition.key}"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  description          = each.value.does
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600

  depends_on = [aws_iam_openid_connect_provider.github]
}

locals {
  policies = merge(
    {
      plan  = data.aws_iam_policy_document.plan.json
      build = data.aws_iam_policy_document.build.json
    },
    { for environment, document in data.aws_iam_policy_document.deploy : "deploy-${environment}" => document.json },
    { for environment, document in data.aws_iam_policy_document.infrastructure : "infrastructure-${environment}" => document.json },
  )
}

# A policy of its own for each role: the limit of an inline one is 10,240 characters, of a managed one 6,144.
resource "aws_iam_role_policy" "github" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.github[each.key].id
  policy = local.policies[each.key]
}
