# Where tasks are and what they reach: a VPC of one's own range, closed egress, a VPC that is brought.

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

override_data {
  target = data.aws_ec2_managed_prefix_list.s3
  values = { id = "pl-6da54004" }
}

override_data {
  target = data.aws_vpc.brought
  values = { cidr_block = "100.64.0.0/16" }
}

override_data {
  target = data.aws_subnet.private
  values = {
    vpc_id     = "vpc-0123456789abcdef0"
    cidr_block = "100.64.32.0/19"
  }
}

variables {
  hostname    = "login.example.org"
  certificate = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  image_tag   = "1.4.2"
}

run "a_vpc_of_its_own" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_count = 3
  }

  assert {
    condition = join(" ", concat(values(aws_subnet.public)[*].cidr_block, values(aws_subnet.private)[*].cidr_block, values(aws_subnet.database)[*].cidr_block)) == join(" ", [
      "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.16.0/20", "10.0.32.0/20", "10.0.48.0/20", "10.0.8.0/24", "10.0.9.0/24", "10.0.10.0/24",
    ])
    error_message = "Each of three zones must have a public, a private and a database subnet."
  }

  assert {
    condition     = length(aws_nat_gateway.keycloak) == 3 && length(aws_route.nat) == 3 && length(aws_vpc_endpoint.interface) == 0
    error_message = "Each zone must have a NAT gateway of its own."
  }

  assert {
    condition     = length(local.bind_address) == 0 && output.egress_limits == ""
    error_message = "In 10.0.0.0/16 a node finds its address by itself, and everything works."
  }
}

run "one_nat_gateway_for_all_zones" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    single_nat_gateway = true
  }

  assert {
    condition     = keys(aws_nat_gateway.keycloak) == ["eu-west-1a"] && keys(aws_route.nat) == ["eu-west-1a", "eu-west-1b"]
    error_message = "The one NAT gateway must serve every zone."
  }
}

run "closed_egress" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    egress                 = "endpoints"
    enable_execute_command = true
  }

  assert {
    condition     = length(aws_nat_gateway.keycloak) + length(aws_route.nat) + length(aws_vpc_security_group_egress_rule.all) == 0
    error_message = "There must be no way out but to AWS."
  }

  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"] && length(aws_vpc_endpoint.s3) == 1
    error_message = "ECS must reach ECR, CloudWatch Logs, Secrets Manager, S3, and the channel of ECS Exec."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3[0].prefix_list_id == "pl-6da54004" && aws_vpc_security_group_egress_rule.database[0].to_port == 5432 && length(aws_vpc_security_group_egress_rule.jgroups) == 2
    error_message = "Tasks must reach S3, the database and each other."
  }

  assert {
    condition = alltrue([for rule in concat(
      aws_vpc_security_group_egress_rule.s3, aws_vpc_security_group_egress_rule.endpoints, aws_vpc_security_group_egress_rule.database, values(aws_vpc_security_group_egress_rule.jgroups),
      aws_vpc_security_group_ingress_rule.endpoints, aws_security_group.endpoints, aws_security_group.database,
    ) : can(regex("^[a-zA-Z0-9. _:/()#,@+=&;{}!$*-]{1,255}$", rule.description))])
    error_message = "EC2 takes no apostrophe in the description of a group or of a rule."
  }

  assert {
    condition     = strcontains(output.egress_limits, "social login") && strcontains(output.egress_limits, "mail")
    error_message = "What does not work must be said."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].enable_execute_command
    error_message = "ECS Exec was asked for."
  }
}

run "a_range_that_is_not_private" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    vpc_cidr = "100.64.0.0/18"
  }

  assert {
    condition     = local.bind_address.KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS == "match-address:(100[.]64[.](4|5|6|7)[.][0-9]+|100[.]64[.](8|9|10|11)[.][0-9]+)"
    error_message = "Outside the private ranges a node must be told which of its addresses to use."
  }

  assert {
    condition     = can(regex("^${trimprefix(local.bind_address.KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS, "match-address:")}$", "100.64.11.250")) && !can(regex("^${trimprefix(local.bind_address.KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS, "match-address:")}$", "169.254.172.2"))
    error_message = "The pattern must match the task's own address, and not the one that Fargate adds."
  }
}

run "a_vpc_that_is_brought" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    egress = "endpoints"
    vpc = {
      id                 = "vpc-0123456789abcdef0"
      public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
      private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    }
  }

  assert {
    condition     = length(aws_vpc.keycloak) + length(aws_subnet.private) + length(aws_vpc_endpoint.s3) + length(aws_vpc_endpoint.interface) + length(aws_flow_log.refused) == 0
    error_message = "A VPC that is brought must be left alone."
  }

  assert {
    condition     = aws_lb.keycloak.subnets == toset(var.vpc.public_subnet_ids) && aws_db_subnet_group.keycloak[0].subnet_ids == toset(var.vpc.private_subnet_ids)
    error_message = "The load balancer must be in the public subnets, and the database in the private ones if there are none for it."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.endpoints[0].cidr_ipv4 == "100.64.0.0/16"
    error_message = "Endpoints of a VPC that is brought are somewhere in its range."
  }

  assert {
    condition     = startswith(local.bind_address.KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS, "match-address:(100[.]64[.](32|33|")
    error_message = "The range of the subnets that are brought must be looked at."
  }
}

run "a_subnet_of_another_vpc" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    vpc = {
      id                 = "vpc-0fedcba9876543210"
      public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
      private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    }
  }

  expect_failures = [data.aws_subnet.private]
}

run "too_few_zones" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-west-1a", "us-west-1c"] }
  }

  variables {
    zone_count = 3
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "jdbc_ping_and_a_database_that_is_brought" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    cluster_discovery = "jdbc-ping"
    bootstrap_admin   = false
    repository        = { arn = "arn:aws:ecr:eu-central-1:210987654321:repository/team/keycloak" }
    database = {
      url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=verify-full"
      username        = "keycloak"
      password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf:password::"
      security_group  = { id = "sg-0123456789abcdef0" }
    }
    environment = { KC_LOG_LEVEL = "info" }
    secrets     = { KC_SMTP_PASSWORD = "arn:aws:ssm:eu-west-1:123456789012:parameter/smtp" }
  }

  assert {
    condition     = length(aws_db_instance.keycloak) + length(aws_secretsmanager_secret.database) + length(aws_secretsmanager_secret.admin) + length(aws_s3_bucket.ping) + length(aws_ecr_repository.keycloak) == 0
    error_message = "What is brought must not be made, and jdbc-ping needs no bucket."
  }

  assert {
    condition     = output.s3_ping_bucket == "" && output.s3_ping_prefix == "" && output.cluster_discovery == "jdbc-ping"
    error_message = "The outputs must say that there is no list in a bucket."
  }

  assert {
    condition     = output.ecr_repository_url == "210987654321.dkr.ecr.eu-central-1.amazonaws.com/team/keycloak" && local.image == "${output.ecr_repository_url}:1.4.2"
    error_message = "A repository of another account and region must be found by its ARN."
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].environment == jsondecode(jsonencode([
      { name = "KC_DB_POOL_MAX_SIZE", value = "20" },
      { name = "KC_DB_URL", value = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=verify-full" },
      { name = "KC_DB_USERNAME", value = "keycloak" },
      { name = "KC_HOSTNAME", value = "https://login.example.org" },
      { name = "KC_HTTP_ENABLED", value = "true" },
      { name = "KC_LOG_LEVEL", value = "info" },
      { name = "KC_PROXY_HEADERS", value = "xforwarded" },
      { name = "KC_SHUTDOWN_DELAY", value = "1s" },
      { name = "KC_SHUTDOWN_TIMEOUT", value = "30s" },
    ]))
    error_message = "The task must be told the database and the host name, and nothing of S3."
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].secrets == jsondecode(jsonencode([
      { name = "KC_DB_PASSWORD", valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf:password::" },
      { name = "KC_SMTP_PASSWORD", valueFrom = "arn:aws:ssm:eu-west-1:123456789012:parameter/smtp" },
    ]))
    error_message = "The task must get the secrets by reference."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.database[0].security_group_id == "sg-0123456789abcdef0"
    error_message = "The tasks must be let into the database's group."
  }
}

run "a_path_of_its_own" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    relative_path  = "/auth"
    admin_hostname = null
    admin_cidrs    = ["198.51.100.0/24"]
  }

  assert {
    condition     = aws_lb_target_group.keycloak.health_check[0].path == "/auth/health/ready" && local.url == "https://login.example.org/auth" && strcontains(local.health_command, "GET /auth/health/live ")
    error_message = "Health checks and host name must have the path."
  }

  assert {
    condition     = toset(local.admin_paths) == toset(["/auth/realms/master/*", "/auth/admin/*"]) && toset(local.user_paths) == toset(["/auth/realms/*", "/auth/resources/*", "/auth/.well-known/*"])
    error_message = "The rules must have the path, and without a name of their own administrators use the users'."
  }
}

run "rotation_by_rds" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    db_managed_rotation  = true
    refuse_forwarded_for = true
  }

  assert {
    condition     = aws_db_instance.keycloak[0].manage_master_user_password && aws_db_instance.keycloak[0].password_wo_version == null && length(aws_secretsmanager_secret.database) == 0
    error_message = "RDS must keep the password."
  }

  assert {
    condition     = length(aws_cloudwatch_event_target.redeploy) == 1 && slice(jsondecode(aws_ecs_task_definition.redeploy[0].container_definitions)[0].command, 0, 2) == ["ecs", "update-service"]
    error_message = "A rotation must start a new deployment."
  }

  assert {
    condition     = aws_lb_listener_rule.refuse_forwarded_for[0].action[0].fixed_response[0].status_code == "400"
    error_message = "A client's own X-Forwarded-For was to be refused."
  }
}
