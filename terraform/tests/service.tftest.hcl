# What an image brings into being: one service that replaces its nodes one at a time, and that finds its peers.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  vpc_id       = "vpc-0123456789abcdef0"
  subnet_ids   = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  image_tag    = "1.4.2"
  image_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}

run "image" {
  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = length(aws_ecs_service.keycloak) == 1 && output.service_name == "keycloak"
    error_message = "A tag must bring the service into being."
  }

  assert {
    condition     = output.task_definition_arn == aws_ecs_task_definition.keycloak[0].arn
    error_message = "The output must name the task definition of this apply."
  }

  assert {
    condition     = endswith(jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].image, ":1.4.2@${var.image_digest}")
    error_message = "The task must run the image by its tag and its digest."
  }

  assert {
    condition     = aws_ecs_task_definition.keycloak[0].skip_destroy
    error_message = "Older revisions must stay registered: a rollback needs them."
  }

  assert {
    condition     = !aws_ecs_service.keycloak[0].wait_for_steady_state
    error_message = "The apply must not wait: deploy-service does."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].deployment_minimum_healthy_percent == 100 && aws_ecs_service.keycloak[0].deployment_maximum_percent == 150
    error_message = "Two nodes must be replaced one at a time: 100 and 150 percent."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].deployment_circuit_breaker[0].enable && aws_ecs_service.keycloak[0].deployment_circuit_breaker[0].rollback
    error_message = "The circuit breaker must be on and roll back."
  }
}

run "peers" {
  module {
    source = "../modules/keycloak"
  }

  assert {
    condition = alltrue([
      for name, value in {
        JGROUPS_AWS_S3_REGION_NAME   = "eu-west-1"
        JGROUPS_AWS_S3_BUCKET_NAME   = output.s3_ping_bucket
        JGROUPS_AWS_S3_BUCKET_PREFIX = output.s3_ping_prefix
      } : contains(jsondecode(aws_ecs_task_definition.keycloak[0].container_definitions)[0].environment, { name = name, value = value })
    ])
    error_message = "The nodes must be told region, bucket and prefix of the peer list."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.jgroups : rule.from_port]) == toset([7800, 57800])
    error_message = "Exactly the two ports of JGroups must be open."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.jgroups : rule.referenced_security_group_id == aws_security_group.keycloak.id && rule.cidr_ipv4 == null])
    error_message = "The ports must be open to the nodes themselves only."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.task.statement :
      "${statement.effect == null ? "Allow" : statement.effect} ${join(" ", statement.resources)}" => sort(statement.actions)
      } == {
      "Allow ${aws_s3_bucket.ping.arn}"                            = tolist(["s3:ListBucket"])
      "Allow ${aws_s3_bucket.ping.arn}/${output.s3_ping_prefix}/*" = tolist(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"])
      "Deny *"                                                     = tolist(["s3:CreateBucket"])
    }
    error_message = "The task role must have the actions of S3_PING and no others."
  }
}

run "one_node_more_than_desired" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    desired_count = 3
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].deployment_maximum_percent == 134
    error_message = "Three nodes need 134 percent: 133 rounds down to three and stalls."
  }
}

run "lone_node_is_refused" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    desired_count = 1
  }

  expect_failures = [var.desired_count]
}

run "secret_value_is_refused" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    secrets = { KC_DB_PASSWORD = "a password in the clear" }
  }

  expect_failures = [var.secrets]
}
