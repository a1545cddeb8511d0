# Values of the right form that AWS or Keycloak would refuse later, or that would let in more than anybody means.
# As in validation.tftest.hcl, one run breaks one rule of each of several inputs.

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
}

run "half_the_world_and_half_a_second" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    admin_cidrs                       = ["0.0.0.0/1", "128.0.0.0/1"]
    health_check_grace_period_seconds = 600.5
    deregistration_delay_seconds      = 30.5
    secrets                           = { KC_SMTP_PASSWORD = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*" }
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require&password=secret"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.admin_cidrs,
    var.health_check_grace_period_seconds,
    var.deregistration_delay_seconds,
    var.secrets,
    var.database,
  ]
}

run "a_secret_without_a_name_and_tls_said_twice" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    secrets = { KC_SMTP_PASSWORD = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" }
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require&sslmode=disable"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.secrets,
    var.database,
  ]
}

run "a_zone_that_is_a_top_level_domain" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_name   = "org"
    environment = { KC_LOG_LEVEL = null }
  }

  expect_failures = [
    var.zone_name,
    var.environment,
  ]
}

run "a_name_that_no_certificate_starts_with" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    certificate = null
    zone        = { id = "Z0123456789ABCDEFGHIJ" }
    hostname    = "login.a-department-with-a-very-long-name.a-company-with-a-long-name.example.org"
  }

  expect_failures = [
    var.certificate,
  ]
}

run "endpoints_and_a_parameter" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    egress     = "endpoints"
    secrets    = { KC_SMTP_PASSWORD = "arn:aws:ssm:eu-west-1:123456789012:parameter/smtp" }
    repository = { arn = "arn:aws:ecr:eu-central-1:210987654321:repository/team/keycloak" }
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-AbCdEf"
      security_group  = { id = "sg-0123456789abcdef0" }
    }
  }

  expect_failures = [
    var.secrets,
    var.repository,
    var.database,
  ]
}
