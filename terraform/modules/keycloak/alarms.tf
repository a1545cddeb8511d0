# What somebody should hear of, through alarm_topics. Metrics that AWS has anyway: they cost the alarm only.
# The size of the cluster is not among them: Keycloak shows it on port 9000, and the workflow's check-cluster compares it.

locals {
  service_dimensions  = { ClusterName = aws_ecs_cluster.keycloak.name, ServiceName = var.name }
  balancer_dimensions = { LoadBalancer = aws_lb.keycloak.arn_suffix }
  targets_dimensions  = { LoadBalancer = aws_lb.keycloak.arn_suffix, TargetGroup = aws_lb_target_group.keycloak.arn_suffix }
  database_dimensions = { DBInstanceIdentifier = var.name }

  service_alarms = !local.has_service ? {} : {
    "nodes-missing"     = ["AWS/ApplicationELB", "HealthyHostCount", local.targets_dimensions, "Minimum", "LessThanThreshold", var.min_nodes, 5, "breaching", "Fewer healthy nodes than min_nodes, for five minutes."]
    "node-errors"       = ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", local.targets_dimensions, "Sum", "GreaterThanThreshold", 10, 5, "notBreaching", "More than ten answers of 5xx from Keycloak in each of five minutes."]
    "balancer-errors"   = ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", local.balancer_dimensions, "Sum", "GreaterThanThreshold", 10, 5, "notBreaching", "More than ten requests in each of five minutes that no node answered."]
    "slow-answers"      = ["AWS/ApplicationELB", "TargetResponseTime", local.targets_dimensions, "Average", "GreaterThanThreshold", 2, 10, "notBreaching", "Keycloak needs more than two seconds for an answer, on average, for ten minutes."]
    "service-cpu"       = ["AWS/ECS", "CPUUtilization", local.service_dimensions, "Average", "GreaterThanThreshold", 90, 15, "notBreaching", "The nodes are busy for fifteen minutes: max_nodes or cpu is too low."]
    "service-memory"    = ["AWS/ECS", "MemoryUtilization", local.service_dimensions, "Maximum", "GreaterThanThreshold", 95, 15, "notBreaching", "A node has hardly any memory left for fifteen minutes."]
    "connection-errors" = ["AWS/ApplicationELB", "TargetConnectionErrorCount", local.balancer_dimensions, "Sum", "GreaterThanThreshold", 10, 5, "notBreaching", "The load balancer cannot connect to nodes."]
  }

  database_alarms = !local.make_database ? {} : {
    "database-cpu"         = ["AWS/RDS", "CPUUtilization", local.database_dimensions, "Average", "GreaterThanThreshold", 80, 15, "notBreaching", "The database is busy for fifteen minutes."]
    "database-storage"     = ["AWS/RDS", "FreeStorageSpace", local.database_dimensions, "Minimum", "LessThanThreshold", 2 * 1024 * 1024 * 1024, 5, "notBreaching", "Less than 2 GiB of storage left, and RDS has not grown it."]
    "database-memory"      = ["AWS/RDS", "FreeableMemory", local.database_dimensions, "Minimum", "LessThanThreshold", 128 * 1024 * 1024, 15, "notBreaching", "Less than 128 MiB of memory left for fifteen minutes."]
    "database-connections" = ["AWS/RDS", "DatabaseConnections", local.database_dimensions, "Maximum", "GreaterThanThreshold", floor(0.9 * var.db_pool_size * (var.max_nodes + 1)), 5, "notBreaching", "The nodes' connection pools are nearly used up."]
  }

  alarms = {
    for name, alarm in merge(local.service_alarms, local.database_alarms) : name => {
      namespace = alarm[0], metric = alarm[1], dimensions = alarm[2], statistic = alarm[3], operator = alarm[4],
      threshold = alarm[5], minutes = alarm[6], missing = alarm[7], description = alarm[8]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "keycloak" {
  for_each = local.alarms

  alarm_name          = "${var.name}/${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}
