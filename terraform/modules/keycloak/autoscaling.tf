# More nodes at once when they are busy, fewer one at a time when they are not.
# A node that leaves hands its sessions to another, and each has two owners: two that leave together would lose some.
# Target tracking may take several away at once, so it only adds; a step of one, at most every five minutes, takes away.

locals {
  scales = local.has_service && var.max_nodes > var.min_nodes
}

resource "aws_appautoscaling_target" "keycloak" {
  count = local.scales ? 1 : 0

  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.keycloak.name}/${aws_ecs_service.keycloak[0].name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.min_nodes
  max_capacity       = var.max_nodes
}

resource "aws_appautoscaling_policy" "out" {
  count = local.scales ? 1 : 0

  name               = "${var.name}-out"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.keycloak[0].service_namespace
  resource_id        = aws_appautoscaling_target.keycloak[0].resource_id
  scalable_dimension = aws_appautoscaling_target.keycloak[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    disable_scale_in   = true
    scale_out_cooldown = 120

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "in" {
  count = local.scales ? 1 : 0

  name               = "${var.name}-in"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.keycloak[0].service_namespace
  resource_id        = aws_appautoscaling_target.keycloak[0].resource_id
  scalable_dimension = aws_appautoscaling_target.keycloak[0].scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 300
    metric_aggregation_type = "Average"

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = -1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "in" {
  count = local.scales ? 1 : 0

  alarm_name          = "${var.name}/scale-in"
  alarm_description   = "No alarm: the signal that one node may leave."
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.keycloak.name, ServiceName = aws_ecs_service.keycloak[0].name }
  statistic           = "Average"
  comparison_operator = "LessThanThreshold"
  threshold           = 30
  period              = 60
  evaluation_periods  = 15
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.in[0].arn]
}
