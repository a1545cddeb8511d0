# The roots that users copy: what production and staging are, and the release contract at their edge.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = module.keycloak.data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = module.keycloak.data.aws_availability_zones.available
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

variables {
  aws_region            = "eu-west-1"
  hostname              = "login.example.org"
  zone_name             = "login.example.org"
  keycloak_image_tag    = ""
  keycloak_image_digest = ""
}

run "production_before_the_first_release" {
  command = plan

  module {
    source = "../environments/production"
  }

  assert {
    condition     = output.task_definition_arn == "" && output.service_name == ""
    error_message = "An empty tag must leave out the task definition and the service."
  }

  assert {
    condition     = output.cluster_name == "keycloak" && output.s3_ping_prefix == "keycloak" && output.aws_region == "eu-west-1"
    error_message = "Cluster and peer list must be there before the first release."
  }
}

run "production" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag = "1.4.2"
    domain_delegated   = true
  }

  assert {
    condition     = output.service_name == "keycloak" && output.url == "https://login.example.org" && output.admin_url == ""
    error_message = "A tag and a delegated domain must bring the service into being, with the console closed."
  }
}

run "staging" {
  command = plan

  module {
    source = "../environments/staging"
  }

  variables {
    keycloak_image_tag = "1.4.2"
    domain_delegated   = true
    admin_cidrs        = ["198.51.100.0/24"]
    repository         = { arn = "arn:aws:ecr:eu-west-1:123456789012:repository/keycloak" }
  }

  assert {
    condition     = output.service_name == "keycloak-staging" && output.admin_url == "https://login.example.org/admin/"
    error_message = "Staging must have a name of its own, beside production in one account."
  }

  assert {
    condition     = output.ecr_repository_url == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/keycloak"
    error_message = "Staging must run production's images."
  }
}

run "a_region_that_is_none" {
  command = plan

  module {
    source = "../environments/staging"
  }

  variables {
    aws_region            = "Ireland"
    keycloak_image_tag    = "latest"
    keycloak_image_digest = "sha256:0123456789abcdef"
  }

  expect_failures = [var.aws_region, var.keycloak_image_tag, var.keycloak_image_digest]
}

run "a_suffix_and_capitals" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag    = "26.7.5-1"
    keycloak_image_digest = "sha256:${upper(join("", [for index in range(32) : "ab"]))}"
  }

  expect_failures = [var.keycloak_image_tag, var.keycloak_image_digest]
}
