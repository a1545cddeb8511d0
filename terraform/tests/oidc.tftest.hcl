# Which job gets which role, and what the role may do. policies/ holds each policy in full, as IAM gets it.

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
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  repository    = "example/keycloak"
  repository_id = "123456789"
  owner_id      = "12345678"
  state_bucket  = "keycloak-terraform-123456789012-eu-west-1"
}

run "policies_are_as_they_are_written_down" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  assert {
    condition     = jsondecode(output.policies["plan"]) == jsondecode(file("policies/plan.json"))
    error_message = "policies/plan.json is not the policy of the role plan. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.trust_policies["plan"]) == jsondecode(file("policies/plan-trust.json"))
    error_message = "policies/plan-trust.json is not the trust policy of the role plan. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.policies["build"]) == jsondecode(file("policies/build.json"))
    error_message = "policies/build.json is not the policy of the role build. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.trust_policies["build"]) == jsondecode(file("policies/build-trust.json"))
    error_message = "policies/build-trust.json is not the trust policy of the role build. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.policies["deploy-production"]) == jsondecode(file("policies/deploy-production.json"))
    error_message = "policies/deploy-production.json is not the policy of the role deploy-production. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.trust_policies["deploy-production"]) == jsondecode(file("policies/deploy-production-trust.json"))
    error_message = "policies/deploy-production-trust.json is not the trust policy of the role deploy-production. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.policies["infrastructure-production"]) == jsondecode(file("policies/infrastructure-production.json"))
    error_message = "policies/infrastructure-production.json is not the policy of the role infrastructure-production. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.trust_policies["infrastructure-production"]) == jsondecode(file("policies/infrastructure-production-trust.json"))
    error_message = "policies/infrastructure-production-trust.json is not the trust policy of the role infrastructure-production. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = jsondecode(output.boundary) == jsondecode(file("policies/boundary.json"))
    error_message = "policies/boundary.json is not the boundary. Read the difference; tests/tools/policies.sh writes the file."
  }

  assert {
    condition     = alltrue([for policy in values(output.policies) : length(jsonencode(jsondecode(policy))) < 10240]) && length(jsonencode(jsondecode(output.boundary))) < 6144
    error_message = "IAM takes 10,240 characters of a role's policy, and 6,144 of a boundary."
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 1 && aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "The provider must be made, for STS alone."
  }
}

run "the_old_subject_and_the_workflows_that_may" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    legacy_subject    = true
    environments      = { production = "keycloak", staging = "keycloak-staging" }
    job_workflow_refs = { deploy = ["example/actions/.github/workflows/deploy.yml@refs/tags/v1.*"] }
    more_claims       = { runner_environment = "github-hosted" }
    oidc_provider     = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "A provider that is there must be used."
  }

  assert {
    condition = jsondecode(output.trust_policies["deploy-staging"]).Statement[0].Condition == jsondecode(jsonencode({
      StringEquals = {
        "token.actions.githubusercontent.com:aud"                = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:environment"        = "staging"
        "token.actions.githubusercontent.com:ref"                = "refs/heads/main"
        "token.actions.githubusercontent.com:repository_id"      = "123456789"
        "token.actions.githubusercontent.com:runner_environment" = "github-hosted"
        "token.actions.githubusercontent.com:sub"                = ["repo:example@12345678/keycloak@123456789:environment:staging", "repo:example/keycloak:environment:staging"]
      }
      StringLike = { "token.actions.githubusercontent.com:job_workflow_ref" = "example/actions/.github/workflows/deploy.yml@refs/tags/v1.*" }
    }))
    error_message = "Both forms of sub, the workflow and the further claim must be asked for."
  }

  assert {
    condition     = !strcontains(output.trust_policies["plan"], "job_workflow_ref") && !strcontains(output.trust_policies["plan"], ":environment\"")
    error_message = "The plan has no workflow of its own here, and no environment."
  }

  assert {
    condition     = toset(keys(output.policies)) == toset(["plan", "build", "deploy-production", "deploy-staging", "infrastructure-production", "infrastructure-staging"])
    error_message = "Each environment must have its two roles."
  }

  # keycloak-execution-* must not be keycloak-staging-execution-….
  assert {
    condition     = !strcontains(output.policies["deploy-staging"], "production") && !strcontains(output.policies["deploy-staging"], "service/keycloak/") && !strcontains(output.policies["deploy-production"], "staging")
    error_message = "A role must not reach the other environment."
  }
}

run "values_that_are_none" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    name              = "Keycloak"
    repository        = "https://github.com/example/keycloak"
    repository_id     = "keycloak"
    owner_id          = "example"
    ref               = "main"
    environments      = { Production = "keycloak" }
    image_repository  = "keycloak:latest"
    state_bucket      = "s3://states"
    job_workflow_refs = { deploy = ["example/*/.github/workflows/deploy.yml@main"] }
    more_claims       = { sub = "repo:example/keycloak:*" }
    issuer            = "https://token.actions.githubusercontent.com"
    kms_key           = { arn = "alias/keycloak" }
    secrets           = ["*"]
  }

  expect_failures = [
    var.name, var.repository, var.repository_id, var.owner_id, var.ref, var.environments, var.image_repository, var.state_bucket, var.job_workflow_refs, var.more_claims, var.issuer,
    var.kms_key, var.secrets,
  ]
}

run "names_that_mean_something_else" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    environments  = { bootstrap = "keycloak" }
    oidc_provider = { arn = "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com" }
  }

  expect_failures = [var.environments, var.oidc_provider]
}

run "a_stack_that_its_module_would_refuse" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    environments = { production = "a-name-of-more-than-24-characters" }
  }

  expect_failures = [var.environments]
}

run "secrets_that_do_not_start_with_a_stacks_name" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    secrets = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-*"]
  }

  assert {
    condition     = contains(jsondecode(output.boundary).Statement[1].Resource, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-*")
    error_message = "The boundary must let tasks read the secrets that it is told of."
  }

  assert {
    condition     = !strcontains(output.boundary, ":secret:*") && !strcontains(output.boundary, ":parameter/*")
    error_message = "The boundary must not open every secret of the account."
  }
}

run "a_kind_of_role_that_is_none" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    job_workflow_refs = { biuld = ["example/actions/.github/workflows/release.yml@refs/tags/v1.*"] }
  }

  expect_failures = [var.job_workflow_refs]
}

run "an_environment_called_like_one_of_full_applies" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    environments  = { production = "keycloak", "prod-infrastructure" = "keycloak-2" }
    oidc_provider = { arn = "arn:aws:iam::123456789012:oidc-provider/gitlab.com" }
  }

  expect_failures = [var.environments, var.oidc_provider]
}

run "two_environments_of_one_stack" {
  command = plan

  module {
    source = "../modules/github-oidc"
  }

  variables {
    environments  = { production = "keycloak", staging = "keycloak" }
    oidc_provider = { arn = "token.actions.githubusercontent.com" }
  }

  expect_failures = [var.environments, var.oidc_provider]
}
