# The tasks' output.
# One group; one stream for each task, named keycloak/<container>/<task id>.
# The retention must be longer than a node lives if its log is to tell about its start.

resource "aws_cloudwatch_log_group" "keycloak" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}
