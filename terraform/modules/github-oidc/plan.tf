# The role plan: terraform plan -refresh=false -lock=false, on pull requests of the repository itself.
# Everybody who may push a branch can make such a job, so it may read the states, which hold no secret, and nothing of what runs.
# A plan that refreshes would read the secrets' values (the provider does, for aws_secretsmanager_secret_version): that is for infrastructure.

locals {
  state_arn  = "arn:${local.partition}:s3:::${var.state_bucket}"
  state_keys = { for environment in keys(var.environments) : environment => "keycloak/${environment}.tfstate" }
}

data "aws_iam_policy_document" "plan" {
  # The states of the environments are read.
  statement {
    sid       = "ReadTheStates"
    actions   = ["s3:GetObject"]
    resources = [for key in values(local.state_keys) : "${local.state_arn}/${key}"]
  }

  # Terraform looks whether a state is there. With a condition on the prefix S3 would answer 403, not 404, for one that is not.
  statement {
    sid       = "FindTheStates"
    actions   = ["s3:ListBucket"]
    resources = [local.state_arn]
  }

  source_policy_documents = [data.aws_iam_policy_document.lookups.json]
}

# What every plan of the stack asks, before it compares anything.
data "aws_iam_policy_document" "lookups" {
  # Zones, and a VPC that is brought, are looked up; these calls take no resource, hence the star.
  statement {
    sid       = "LookUpTheNetwork"
    actions   = ["ec2:DescribeAvailabilityZones", "ec2:DescribeManagedPrefixLists", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs", "ec2:GetManagedPrefixListEntries"]
    resources = ["*"]
  }

  # A password is thrown; it opens nothing until an apply gives it to something. The call takes no resource, hence the star.
  statement {
    sid       = "ThrowAPassword"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"]
  }
}
