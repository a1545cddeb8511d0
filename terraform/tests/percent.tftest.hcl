# How many nodes a deployment may start beside the old ones: exactly one. ECS rounds the limit down, so one percent too few is none, and it stalls.

# No account: nothing is asked of AWS. A plan of a new stack needs two answers, and they are given here.
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

override_data {
  target = data.aws_availability_zones.available
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

variables {
  hostname    = "login.example.org"
  certificate = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  image_tag   = "1.4.2"
  max_nodes   = 6
}

run "nodes_1" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 1
  }

  assert {
    condition     = floor(1 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 1 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 1 at the least, a deployment must run 2 at the most and 1 at the least."
  }
}

run "nodes_2" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 2
  }

  assert {
    condition     = floor(2 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 2 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 2 at the least, a deployment must run 3 at the most and 2 at the least."
  }
}

run "nodes_3" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 3
  }

  assert {
    condition     = floor(3 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 3 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 3 at the least, a deployment must run 4 at the most and 3 at the least."
  }
}

run "nodes_4" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 4
  }

  assert {
    condition     = floor(4 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 4 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 4 at the least, a deployment must run 5 at the most and 4 at the least."
  }
}

run "nodes_5" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 5
  }

  assert {
    condition     = floor(5 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 5 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 5 at the least, a deployment must run 6 at the most and 5 at the least."
  }
}

run "nodes_6" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes = 6
  }

  assert {
    condition     = floor(6 * aws_ecs_service.keycloak[0].deployment_maximum_percent / 100) == 6 + 1 && aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100
    error_message = "With 6 at the least, a deployment must run 7 at the most and 6 at the least."
  }
}
