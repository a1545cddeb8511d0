# Every rule that an input has, broken. One run breaks one rule of each of many inputs, and each of these must be refused.
# An input whose rule looks at another one is not looked at while that one is refused: such pairs are in two runs.

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

run "the_form_of_a_value" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    name                 = "Keycloak_1"
    image_tag            = "26.7.5-1"
    relative_path        = "auth/"
    cluster_discovery    = "ec2"
    cpu_architecture     = "arm64"
    container_insights   = "on"
    alarm_topics         = ["on-call"]
    kms_key              = { arn = "arn:aws:kms:eu-west-1:123456789012:alias/keycloak" }
    permissions_boundary = "boundary"
    hostname             = "https://login.example.org"
    admin_cidrs          = ["198.51.100.7/24"]
    ingress_cidrs        = ["everybody"]
    zone                 = { id = "example.org" }
    vpc = {
      id                 = "default"
      public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
      private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    }
    vpc_cidr          = "10.0.0.7/16"
    egress            = "none"
    db_instance_class = "t4g.medium"
    db_engine_version = "17.4"
    db_ca_file        = "conf/rds.pem"
  }

  expect_failures = [
    var.name,
    var.image_tag,
    var.relative_path,
    var.cluster_discovery,
    var.cpu_architecture,
    var.container_insights,
    var.alarm_topics,
    var.kms_key,
    var.permissions_boundary,
    var.hostname,
    var.admin_cidrs,
    var.ingress_cidrs,
    var.zone,
    var.vpc,
    var.vpc_cidr,
    var.egress,
    var.db_instance_class,
    var.db_engine_version,
    var.db_ca_file,
  ]
}

run "the_form_of_a_value_that_looks_at_others" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag      = "1.4.2"
    image_digest   = "sha256:0123456789abcdef"
    environment    = { "kc-log-level" = "debug" }
    admin_hostname = "admin"
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.image_digest,
    var.environment,
    var.admin_hostname,
    var.database,
  ]
}

run "the_size_of_a_number" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    certificate                       = { arn = "login.example.org" }
    min_nodes                         = 0
    cpu                               = 1000
    health_check_grace_period_seconds = 60
    deregistration_delay_seconds      = 300
    log_retention_days                = 31
    zone_count                        = 4
    access_log_retention_days         = 0
    db_allocated_storage              = 10
    db_backup_retention_days          = 0
    db_password_version               = 0
    db_pool_size                      = 500
    vpc_cidr                          = "10.0.0.0/8"
  }

  expect_failures = [
    var.certificate,
    var.min_nodes,
    var.cpu,
    var.health_check_grace_period_seconds,
    var.deregistration_delay_seconds,
    var.log_retention_days,
    var.zone_count,
    var.access_log_retention_days,
    var.db_allocated_storage,
    var.db_backup_retention_days,
    var.db_password_version,
    var.db_pool_size,
    var.vpc_cidr,
  ]
}

run "the_whole_of_a_number" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    min_nodes                         = 2.5
    health_check_grace_period_seconds = 7200
    deregistration_delay_seconds      = 10
    access_log_retention_days         = 1.5
    db_allocated_storage              = 20.5
    db_backup_retention_days          = 36
    db_password_version               = 1.5
    db_pool_size                      = 20.5
    vpc_cidr                          = "10.0.0.0/20"
  }

  expect_failures = [
    var.min_nodes,
    var.health_check_grace_period_seconds,
    var.deregistration_delay_seconds,
    var.access_log_retention_days,
    var.db_allocated_storage,
    var.db_backup_retention_days,
    var.db_password_version,
    var.db_pool_size,
    var.vpc_cidr,
  ]
}

run "a_moving_tag_and_what_the_module_sets" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag      = "latest"
    name           = "internal-keycloak"
    admin_hostname = "login.example.org"
    admin_cidrs    = ["0.0.0.0/0"]
    ingress_cidrs  = []
    secrets        = { KC_DB_PASSWORD = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf" }
    max_nodes      = 1
    memory         = 1024
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = "keycloak"
      password_secret = "a password in the clear"
      security_group  = null
    }
    db_max_allocated_storage = 20
  }

  expect_failures = [
    var.image_tag,
    var.name,
    var.admin_hostname,
    var.admin_cidrs,
    var.ingress_cidrs,
    var.secrets,
    var.max_nodes,
    var.memory,
    var.database,
    var.db_max_allocated_storage,
  ]
}

run "a_leading_zero_and_a_build_option" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag   = "1.04.2"
    environment = { KC_FEATURES = "token-exchange" }
    admin_cidrs = [for index in range(21) : cidrsubnet("203.0.113.0/24", 8, index)]
    max_nodes   = 21
    memory      = 9216
    name        = "kc--staging"
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = { id = "database" }
    }
    db_max_allocated_storage = 100.5
  }

  expect_failures = [
    var.image_tag,
    var.environment,
    var.admin_cidrs,
    var.max_nodes,
    var.memory,
    var.name,
    var.database,
    var.db_max_allocated_storage,
  ]
}

run "a_digest_without_a_tag" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    environment  = { KC_SPI_EVENTS_LISTENER_EMAIL_ENABLED = "true" }
    name         = "kc"
  }

  expect_failures = [
    var.image_digest,
    var.environment,
    var.name,
  ]
}

run "a_digest_in_capitals" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag    = "1.4.2"
    image_digest = "sha256:${upper(join("", [for index in range(32) : "ab"]))}"
    environment  = { KC_HOSTNAME = "http://login.example.org" }
  }

  expect_failures = [
    var.image_digest,
    var.environment,
  ]
}

run "a_secret_in_the_clear_and_a_repository_by_name" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    repository = { arn = "keycloak" }
    secrets    = { KC_SMTP_PASSWORD = "a password in the clear" }
  }

  expect_failures = [
    var.repository,
    var.secrets,
  ]
}

run "a_name_that_is_both_open_and_secret" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    environment = { KC_SMTP_PASSWORD = "secret" }
    secrets     = { KC_SMTP_PASSWORD = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf" }
  }

  expect_failures = [
    var.environment,
  ]
}

run "a_certificate_without_a_zone_and_one_subnet_twice" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    certificate = null
    vpc = {
      id                 = "vpc-0123456789abcdef0"
      public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
      private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef2"]
    }
  }

  expect_failures = [
    var.certificate,
    var.vpc,
  ]
}

run "a_zone_that_does_not_hold_the_names" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_name = "example.com"
  }

  expect_failures = [
    var.zone_name,
  ]
}

run "a_zone_that_does_not_hold_the_administrators_name" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_name      = "example.org"
    admin_hostname = "admin.example.com"
  }

  expect_failures = [
    var.zone_name,
  ]
}

run "a_zone_that_is_both_made_and_brought" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_name = "example.org"
    zone      = { id = "Z0123456789ABCDEFGHIJ" }
  }

  expect_failures = [
    var.zone_name,
  ]
}

run "closed_egress_to_a_database_without_a_group" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    egress = "endpoints"
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.database,
  ]
}

run "rotation_of_a_database_that_is_brought" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    db_managed_rotation = true
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.db_managed_rotation,
  ]
}

run "rotation_without_a_way_to_ecs" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    db_managed_rotation = true
    egress              = "endpoints"
  }

  expect_failures = [
    var.db_managed_rotation,
  ]
}

run "what_belongs_to_another_region" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    certificate  = { arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
    alarm_topics = ["arn:aws:sns:us-east-1:123456789012:on-call"]
    kms_key      = { arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    secrets      = { "KC SMTP" = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:smtp-AbCdEf" }
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require"
      username        = ""
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      security_group  = null
    }
  }

  expect_failures = [
    var.certificate,
    var.alarm_topics,
    var.kms_key,
    var.secrets,
    var.database,
  ]
}

run "a_cache_of_its_own" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    environment = { KC_CACHE = "local" }
  }

  expect_failures = [var.environment]
}

run "another_port" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    environment = { KC_HTTP_MANAGEMENT_PORT = "9001" }
  }

  expect_failures = [var.environment]
}

run "a_build_option_as_a_secret" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    secrets = { KC_FEATURES = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:features-AbCdEf" }
  }

  expect_failures = [var.secrets]
}
