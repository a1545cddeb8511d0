# Private ways to AWS, in the VPC that the stack makes. S3's is always there: it costs nothing, and image layers come from S3.
# egress = endpoints adds one for each service that ECS calls for a task; then there is no other way out.
# A VPC that is brought has the ways out that its owner gave it.

locals {
  interface_endpoints = local.make_vpc && var.egress == "endpoints" ? toset(concat(
    ["ecr.api", "ecr.dkr", "logs", "secretsmanager"],
    var.enable_execute_command ? ["ssmmessages"] : [],
  )) : toset([])

  egress_limits = var.egress == "nat" ? "" : join(" ", [
    "Tasks reach AWS only.",
    "Not possible: social login and other identity providers, user federation (LDAP, Kerberos) outside the VPC, back-channel logout to applications outside the VPC,",
    "mail over an SMTP server outside the VPC, reCAPTCHA, and provider jars that call out.",
  ])
}

# ECR keeps image layers in a bucket of AWS's: a policy that names only our bucket would break every pull.
data "aws_iam_policy_document" "s3_endpoint" {
  count = local.make_vpc ? 1 : 0

  statement {
    sid       = "PullImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }

  dynamic "statement" {
    for_each = aws_s3_bucket.ping[*].arn

    content {
      sid       = "UseThePeerList"
      actions   = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
      resources = [statement.value, "${statement.value}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  count = local.make_vpc ? 1 : 0

  vpc_id            = aws_vpc.keycloak[0].id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = values(aws_route_table.private)[*].id
  policy            = data.aws_iam_policy_document.s3_endpoint[0].json

  tags = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_endpoints

  vpc_id              = aws_vpc.keycloak[0].id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.private_subnet_ids
  security_group_ids  = [aws_security_group.endpoints[0].id]

  tags = { Name = "${var.name}-${each.key}" }
}
