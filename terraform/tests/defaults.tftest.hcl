# What a stack is that says no more than where users find it: the service, its health, its database, its discovery.

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
  hostname         = "login.example.org"
  admin_hostname   = "admin.login.example.org"
  admin_cidrs      = ["198.51.100.0/24", "203.0.113.7/32", "192.0.2.0/28"]
  zone_name        = "example.org"
  domain_delegated = true
  image_tag        = "1.4.2"
  image_digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}

run "service" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = output.service_name == "keycloak" && output.cluster_name == "keycloak" && output.s3_ping_prefix == "keycloak"
    error_message = "The outputs must name cluster, service and prefix."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].desired_count == 2 && length(aws_subnet.private) == 2
    error_message = "Two nodes in two zones are the default."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].deployment_circuit_breaker[0].enable && aws_ecs_service.keycloak[0].deployment_circuit_breaker[0].rollback
    error_message = "The circuit breaker must be on and roll back."
  }

  assert {
    condition     = !aws_ecs_service.keycloak[0].wait_for_steady_state
    error_message = "The apply must not wait: deploy-service does."
  }

  assert {
    condition     = aws_ecs_service.keycloak[0].health_check_grace_period_seconds == 600 && !aws_ecs_service.keycloak[0].enable_execute_command
    error_message = "Ten minutes of grace, and no shell in a task."
  }

  assert {
    condition     = !aws_ecs_service.keycloak[0].network_configuration[0].assign_public_ip
    error_message = "A task must have no public address."
  }

  assert {
    condition     = aws_ecs_task_definition.keycloak[0].skip_destroy && one(aws_ecs_task_definition.keycloak[0].runtime_platform).cpu_architecture == "X86_64"
    error_message = "Older revisions must stay registered, since a rollback needs them; the architecture is x86_64."
  }

  assert {
    condition     = toset([for volume in aws_ecs_task_definition.keycloak[0].volume : volume.name]) == toset(["data", "tmp"])
    error_message = "The two folders that Keycloak writes to must be volumes."
  }
}

run "load_balancer" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = aws_lb_target_group.keycloak.health_check[0].path == "/health/ready" && aws_lb_target_group.keycloak.health_check[0].port == "9000"
    error_message = "The load balancer must ask /health/ready on the management port."
  }

  assert {
    condition     = aws_lb_target_group.keycloak.health_check[0].interval * aws_lb_target_group.keycloak.health_check[0].unhealthy_threshold >= 150 && aws_lb_target_group.keycloak.health_check[0].healthy_threshold == 2
    error_message = "A failover of the database must not replace every node: at least 150 seconds of tolerance."
  }

  assert {
    condition     = tonumber(aws_lb_target_group.keycloak.deregistration_delay) == 30
    error_message = "A leaving node has 30 seconds for its requests."
  }

  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" && aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "TLS 1.2 and 1.3 only, and 404 for what no rule passes."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "Port 80 must send users to HTTPS."
  }

  assert {
    condition = join("\n", [
      for rule in concat(values(aws_lb_listener_rule.admin_hostname), values(aws_lb_listener_rule.admin_paths), aws_lb_listener_rule.no_master_realm, aws_lb_listener_rule.users) :
      join(" ", concat(
        [tostring(rule.priority)],
        flatten([for condition in rule.condition : [for host in condition.host_header : sort(host.values)]]),
        flatten([for condition in rule.condition : [for path in condition.path_pattern : sort(path.values)]]),
        flatten([for condition in rule.condition : [for source in condition.source_ip : sort(source.values)]]),
        [rule.action[0].type],
      ))
      ]) == join("\n", [
      "100 admin.login.example.org 198.51.100.0/24 203.0.113.7/32 forward",
      "101 admin.login.example.org 192.0.2.0/28 forward",
      "200 login.example.org /realms/master/* 198.51.100.0/24 203.0.113.7/32 forward",
      "201 login.example.org /realms/master/* 192.0.2.0/28 forward",
      "300 login.example.org /realms/master /realms/master/* fixed-response",
      "400 login.example.org /.well-known/* /realms/* /resources/* forward",
    ])
    error_message = "Users must pass to realms, resources and .well-known only; administrators everywhere and to the master realm, from their ranges only, two a rule."
  }

  assert {
    condition     = length(aws_lb_listener_rule.refuse_forwarded_for) == 0
    error_message = "X-Forwarded-For of clients is let through unless it is refused explicitly."
  }
}

run "database" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = aws_db_instance.keycloak[0].storage_encrypted && !aws_db_instance.keycloak[0].publicly_accessible && aws_db_instance.keycloak[0].deletion_protection && !aws_db_instance.keycloak[0].skip_final_snapshot
    error_message = "The database must be encrypted, private and protected."
  }

  assert {
    condition     = aws_db_instance.keycloak[0].multi_az && aws_db_instance.keycloak[0].backup_retention_period == 14
    error_message = "The database must have a standby, and backups of two weeks."
  }

  assert {
    condition     = [for parameter in aws_db_parameter_group.keycloak[0].parameter : "${parameter.name}=${parameter.value}"] == ["rds.force_ssl=1"]
    error_message = "The database must take connections over TLS only."
  }

  assert {
    condition     = aws_db_instance.keycloak[0].password == null && aws_db_instance.keycloak[0].manage_master_user_password == null && aws_db_instance.keycloak[0].password_wo_version == 1
    error_message = "The password must be written without a trace, and must not rotate by itself."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.database[0].secret_string == null && aws_secretsmanager_secret_version.admin[0].secret_string == null
    error_message = "No password may be in the state."
  }
}

run "autoscaling" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = aws_appautoscaling_target.keycloak[0].min_capacity == 2 && aws_appautoscaling_target.keycloak[0].max_capacity == 4
    error_message = "Two to four nodes are the default."
  }

  assert {
    condition     = aws_appautoscaling_policy.out[0].target_tracking_scaling_policy_configuration[0].disable_scale_in
    error_message = "Target tracking must only add nodes: it may take several away at once."
  }

  assert {
    condition     = one(aws_appautoscaling_policy.in[0].step_scaling_policy_configuration[0].step_adjustment).scaling_adjustment == -1 && aws_appautoscaling_policy.in[0].step_scaling_policy_configuration[0].cooldown >= 120
    error_message = "Nodes must leave one at a time."
  }
}
