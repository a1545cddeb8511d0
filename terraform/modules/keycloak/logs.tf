# What the tasks, the database and the network write.
# Tasks: one stream for each, named keycloak/keycloak/<task id>. The retention must be longer than a node lives if its log is to tell about its start.
# Network: refused connections only. A port of the cluster that is closed by mistake shows here.

resource "aws_cloudwatch_log_group" "keycloak" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_group" "database" {
  for_each = local.make_database ? toset(["postgresql", "upgrade"]) : toset([])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_group" "network" {
  count = local.make_vpc ? 1 : 0

  name              = "/vpc/${var.name}"
  retention_in_days = min(var.log_retention_days, 30)
}

resource "aws_flow_log" "refused" {
  count = local.make_vpc ? 1 : 0

  vpc_id               = aws_vpc.keycloak[0].id
  traffic_type         = "REJECT"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.network[0].arn
  iam_role_arn         = aws_iam_role.flow_log[0].arn

  tags = { Name = "${var.name}-refused" }
}
