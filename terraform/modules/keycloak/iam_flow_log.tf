# The role with which the VPC writes its flow log. It may write to that one log group.

data "aws_iam_policy_document" "flow_log_assume" {
  count = local.make_vpc ? 1 : 0

  # Only flow logs of this account get the role.
  statement {
    sid     = "FlowLogsOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "flow_log" {
  count = local.make_vpc ? 1 : 0

  name_prefix          = "${var.name}-flow-log-"
  description          = "VPC: write refused connections to the log."
  assume_role_policy   = data.aws_iam_policy_document.flow_log_assume[0].json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "flow_log" {
  count = local.make_vpc ? 1 : 0

  # Refused connections go to their own log group.
  statement {
    sid       = "WriteTheFlowLog"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.network[0].arn}:*"]
  }

  # Looking for a log group takes no resource, hence the star.
  statement {
    sid       = "FindTheLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "flow_log" {
  count = local.make_vpc ? 1 : 0

  name   = "flow-log"
  role   = aws_iam_role.flow_log[0].id
  policy = data.aws_iam_policy_document.flow_log[0].json
}
