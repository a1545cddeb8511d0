# The release contract: which tags and digests are refused, and what an image brings into being.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  aws_region            = "eu-west-1"
  vpc_id                = "vpc-0123456789abcdef0"
  subnet_ids            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  keycloak_image_tag    = ""
  keycloak_image_digest = ""
}

run "no_service_before_the_first_release" {
  command = plan

  module {
    source = "../environments/production"
  }

  assert {
    condition     = output.task_definition_arn == "" && output.service_name == ""
    error_message = "An empty tag must leave out the task definition and the service."
  }

  assert {
    condition     = output.cluster_name == "keycloak" && output.s3_ping_prefix == "keycloak"
    error_message = "Cluster and peer list must be there before the first release."
  }
}

run "tag_with_a_suffix_is_refused" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag = "26.7.5-1"
  }

  expect_failures = [var.keycloak_image_tag]
}

run "tag_with_a_leading_zero_is_refused" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag = "1.04.2"
  }

  expect_failures = [var.keycloak_image_tag]
}

run "moving_tag_is_refused" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag = "latest"
  }

  expect_failures = [var.keycloak_image_tag]
}

run "short_digest_is_refused" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag    = "1.4.2"
    keycloak_image_digest = "sha256:0123456789abcdef"
  }

  expect_failures = [var.keycloak_image_digest]
}

run "digest_in_capitals_is_refused" {
  command = plan

  module {
    source = "../environments/production"
  }

  variables {
    keycloak_image_tag    = "1.4.2"
    keycloak_image_digest = "sha256:${upper(join("", [for i in range(32) : "ab"]))}"
  }

  expect_failures = [var.keycloak_image_digest]
}

run "digest_without_a_tag_is_refused" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_digest = "sha256:${join("", [for i in range(32) : "ab"])}"
  }

  expect_failures = [var.image_digest]
}
