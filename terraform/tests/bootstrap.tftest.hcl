# What is made once for an account: the bucket for states, and the roles.

# No account: nothing is asked of AWS, whose one answer is given here.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = module.github_oidc.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  aws_region    = "eu-west-1"
  repository    = "example/keycloak"
  repository_id = "123456789"
  owner_id      = "12345678"
}

run "bucket_and_roles" {
  command = plan

  module {
    source = "../bootstrap"
  }

  assert {
    condition     = output.state_bucket == "keycloak-terraform-123456789012-eu-west-1"
    error_message = "The bucket's name must be one that no other account has."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled" && one(aws_s3_bucket_lifecycle_configuration.state.rule).noncurrent_version_expiration[0].noncurrent_days == 90
    error_message = "A state that was overwritten must be there for three months."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.state.rule[0].expiration) == 0
    error_message = "A state that is in use must never expire."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.state.block_public_acls && aws_s3_bucket_public_access_block.state.block_public_policy && aws_s3_bucket_public_access_block.state.ignore_public_acls && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "The bucket must be closed to the public."
  }

  assert {
    condition     = toset(keys(output.deploy_role_arns)) == toset(["production", "staging"])
    error_message = "Production and staging are the environments unless others are named."
  }
}

run "a_region_that_is_none" {
  command = plan

  module {
    source = "../bootstrap"
  }

  variables {
    aws_region = "Ireland"
  }

  expect_failures = [var.aws_region]
}

run "a_region_with_a_slip_of_the_pen" {
  command = plan

  module {
    source = "../bootstrap"
  }

  variables {
    aws_region = "eu-centrl-1"
  }

  expect_failures = [var.aws_region]
}
