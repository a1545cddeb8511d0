# What a security review asks: what is open, who may do what, where secrets are.
# What AWS would name is given, so that every reference is known in a plan.

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

override_resource {
  target          = aws_s3_bucket.ping
  override_during = plan
  values = {
    id     = "keycloak-s3-ping-1"
    bucket = "keycloak-s3-ping-1"
    arn    = "arn:aws:s3:::keycloak-s3-ping-1"
  }
}

override_resource {
  target          = aws_s3_bucket.access_logs
  override_during = plan
  values = {
    id     = "keycloak-alb-logs-1"
    bucket = "keycloak-alb-logs-1"
    arn    = "arn:aws:s3:::keycloak-alb-logs-1"
  }
}

override_resource {
  target          = aws_security_group.alb
  override_during = plan
  values = {
    id = "sg-0a1b00000000000a1"
  }
}

override_resource {
  target          = aws_security_group.keycloak
  override_during = plan
  values = {
    id = "sg-0cc0000000000000c"
  }
}

override_resource {
  target          = aws_cloudwatch_log_group.keycloak
  override_during = plan
  values = {
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/keycloak"
  }
}

override_resource {
  target          = aws_ecr_repository.keycloak
  override_during = plan
  values = {
    arn            = "arn:aws:ecr:eu-west-1:123456789012:repository/keycloak"
    repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/keycloak"
  }
}

override_resource {
  target          = aws_vpc.keycloak
  override_during = plan
  values = {
    id = "vpc-0123456789abcdef0"
  }
}

variables {
  hostname        = "login.example.org"
  admin_hostname  = "admin.login.example.org"
  admin_cidrs     = ["198.51.100.0/24"]
  certificate     = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  image_tag       = "1.4.2"
  bootstrap_admin = false
  kms_key         = { arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
  secrets         = { KC_SMTP_PASSWORD = "arn:aws:ssm:eu-west-1:123456789012:parameter/smtp" }
  database = {
    url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=verify-full"
    username        = "keycloak"
    password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf:password::"
    security_group  = { id = "sg-0123456789abcdef0" }
  }
}

run "stack" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition = toset([for rule in concat(
      values(aws_vpc_security_group_ingress_rule.alb), values(aws_vpc_security_group_ingress_rule.alb_to_keycloak), values(aws_vpc_security_group_ingress_rule.jgroups), aws_vpc_security_group_ingress_rule.database,
      ) : join(" ", [
        rule.security_group_id == aws_security_group.alb.id ? "alb" : rule.security_group_id == aws_security_group.keycloak.id ? "keycloak" : rule.security_group_id,
        "${rule.from_port}-${rule.to_port}/${rule.ip_protocol}",
        rule.cidr_ipv4 != null ? rule.cidr_ipv4 : rule.referenced_security_group_id == aws_security_group.alb.id ? "alb" : rule.referenced_security_group_id == aws_security_group.keycloak.id ? "keycloak" : "?",
      ])]) == toset([
      "alb 443-443/tcp 0.0.0.0/0",
      "alb 80-80/tcp 0.0.0.0/0",
      "keycloak 8080-8080/tcp alb",
      "keycloak 9000-9000/tcp alb",
      "keycloak 7800-7800/tcp keycloak",
      "keycloak 57800-57800/tcp keycloak",
      "sg-0123456789abcdef0 5432-5432/tcp keycloak",
    ])
    error_message = "Open must be the load balancer's 443 and 80 to everybody, the nodes' ports to the load balancer and to each other, the database's to the nodes, and nothing else."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.alb : "${rule.from_port} ${rule.referenced_security_group_id == aws_security_group.keycloak.id}"]) == toset(["8080 true", "9000 true"])
    error_message = "The load balancer must reach the nodes' two ports, for requests and for health, and nothing else."
  }

  assert {
    condition = alltrue([for rule in concat(
      values(aws_vpc_security_group_ingress_rule.alb), values(aws_vpc_security_group_egress_rule.alb), values(aws_vpc_security_group_ingress_rule.alb_to_keycloak), values(aws_vpc_security_group_ingress_rule.jgroups),
      aws_vpc_security_group_ingress_rule.database, aws_vpc_security_group_egress_rule.all, [aws_security_group.alb, aws_security_group.keycloak],
    ) : can(regex("^[a-zA-Z0-9. _:/()#,@+=&;{}!$*-]{1,255}$", rule.description))])
    error_message = "EC2 takes letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* in the description of a group and of a rule, and no apostrophe."
  }

  assert {
    condition     = aws_default_security_group.closed[0].vpc_id == aws_vpc.keycloak[0].id && length(aws_route_table.database) == 1
    error_message = "The VPC's default group must be closed."
  }

  assert {
    condition     = alltrue([for subnet in values(aws_subnet.private) : !coalesce(subnet.map_public_ip_on_launch, false)]) && !aws_ecs_service.keycloak[0].network_configuration[0].assign_public_ip
    error_message = "No task may have a public address."
  }
}

run "task_role" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.task.statement :
      "${statement.effect == null ? "Allow" : statement.effect} ${join(" ", statement.resources)}" => "${join(" ", sort(statement.actions))}, ${length(statement.condition)} conditions"
      } == {
      "Allow ${aws_s3_bucket.ping[0].arn}"                            = "s3:ListBucket, 0 conditions"
      "Allow ${aws_s3_bucket.ping[0].arn}/${output.s3_ping_prefix}/*" = "s3:DeleteObject s3:GetObject s3:PutObject, 0 conditions"
      "Deny *"                                                        = "s3:CreateBucket, 0 conditions"
    }
    error_message = "The task role must have the actions of S3_PING and no others, and ListBucket without a condition."
  }
}

run "execution_role" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.execution.statement : join(" ", sort(statement.actions)) => join(" ", statement.resources)
      } == {
      "ecr:GetAuthorizationToken"                                                    = "*"
      "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer" = aws_ecr_repository.keycloak[0].arn
      "logs:CreateLogStream logs:PutLogEvents"                                       = "${aws_cloudwatch_log_group.keycloak.arn}:*"
      "secretsmanager:GetSecretValue"                                                = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
      "ssm:GetParameters"                                                            = "arn:aws:ssm:eu-west-1:123456789012:parameter/smtp"
      "kms:Decrypt"                                                                  = var.kms_key.arn
    }
    error_message = "The execution role must pull one image, write one log, and read the secrets of this task."
  }

  assert {
    condition = toset(flatten([for statement in data.aws_iam_policy_document.assume.statement : [for condition in statement.condition : "${condition.test} ${condition.variable}"]])) == toset([
      "StringEquals aws:SourceAccount", "ArnLike aws:SourceArn",
    ])
    error_message = "Only ECS of this account may assume the roles."
  }
}

run "buckets" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition = alltrue([for block in [aws_s3_bucket_public_access_block.ping[0], aws_s3_bucket_public_access_block.access_logs] :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Every bucket must be closed to the public."
  }

  assert {
    condition     = alltrue([for ownership in [aws_s3_bucket_ownership_controls.ping[0], aws_s3_bucket_ownership_controls.access_logs] : ownership.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "Every bucket must belong to its owner alone."
  }

  assert {
    condition     = alltrue([for encryption in [aws_s3_bucket_server_side_encryption_configuration.ping[0], aws_s3_bucket_server_side_encryption_configuration.access_logs] : one(one(encryption.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"])
    error_message = "Every bucket must be encrypted."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.ping_bucket[0].statement : "${statement.effect} ${join(" ", statement.actions)} ${join(" ", [for condition in statement.condition : "${condition.test} ${condition.variable} ${join(" ", condition.values)}"])}"] == [
      "Deny s3:* Bool aws:SecureTransport false"
    ]
    error_message = "The peer list's bucket must refuse what does not come over TLS, and have no other rule: check-cluster reads it from outside the VPC."
  }

  assert {
    condition = toset([for statement in data.aws_iam_policy_document.s3_endpoint[0].statement : "${join(" ", sort(statement.actions))} ${join(" ", statement.resources)}"]) == toset([
      "s3:GetObject arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
      "s3:DeleteObject s3:GetObject s3:ListBucket s3:PutObject ${aws_s3_bucket.ping[0].arn} ${aws_s3_bucket.ping[0].arn}/*",
    ])
    error_message = "The endpoint of S3 must let image layers and the peer list through, and nothing else."
  }
}

run "container" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].readonlyRootFilesystem && jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].stopTimeout == 90
    error_message = "The root file system must be read-only, and a node have 90 seconds to leave."
  }

  assert {
    condition     = !can(regex(local.build_options, join("\n", [for variable in jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].environment : variable.name])))
    error_message = "No build option may be in the task's environment."
  }

  assert {
    condition     = length(setsubtract(toset([for variable in concat(jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].environment, jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].secrets) : variable.name if variable.name != "KC_SMTP_PASSWORD"]), local.owned_names)) == 0
    error_message = "Every name that the module sets must be among those that inputs may not set."
  }

  assert {
    condition = toset([for variable in jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].environment : "${variable.name}=${variable.value}" if startswith(variable.name, "JGROUPS") || startswith(variable.name, "KC_CACHE") || startswith(variable.name, "KC_HOSTNAME")]) == toset([
      "JGROUPS_AWS_S3_BUCKET_NAME=${output.s3_ping_bucket}", "JGROUPS_AWS_S3_BUCKET_PREFIX=keycloak", "JGROUPS_AWS_S3_REGION_NAME=eu-west-1", "KC_CACHE_CONFIG_FILE=cache-ispn-s3.xml",
      "KC_HOSTNAME=https://login.example.org", "KC_HOSTNAME_ADMIN=https://admin.login.example.org",
    ])
    error_message = "A node must be told the peer list's region, bucket and prefix, and its full addresses."
  }

  assert {
    condition     = [for name, path in local.writable : path] == ["/opt/keycloak/data", "/tmp"]
    error_message = "Two folders must be writable."
  }
}

run "repository" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = aws_ecr_repository.keycloak[0].image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.keycloak[0].image_scanning_configuration[0].scan_on_push && !aws_ecr_repository.keycloak[0].force_delete
    error_message = "Tags must be written once, and images be scanned."
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.keycloak[0].policy).rules : rule.selection.tagStatus] == ["untagged"]
    error_message = "An image with a tag must never be removed by itself: it may be the one that runs, or the last good one."
  }
}
