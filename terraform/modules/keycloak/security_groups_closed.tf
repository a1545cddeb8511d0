# The database's and the endpoints' security groups, and the tasks' way out when it is closed (egress = endpoints):
# S3 by its prefix list, AWS's other services by their endpoints, the database, the other nodes. Nothing else.

data "aws_ec2_managed_prefix_list" "s3" {
  count = var.egress == "endpoints" ? 1 : 0

  name = "com.amazonaws.${local.region}.s3"
}

data "aws_vpc" "brought" {
  count = local.make_vpc ? 0 : 1

  id = var.vpc.id
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  count = var.egress == "endpoints" ? 1 : 0

  security_group_id = aws_security_group.keycloak.id
  description       = "S3: image layers and the peer list"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3[0].id
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  count = var.egress == "endpoints" ? 1 : 0

  security_group_id            = aws_security_group.keycloak.id
  description                  = "Services of AWS, inside the VPC"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = local.make_vpc ? aws_security_group.endpoints[0].id : null
  cidr_ipv4                    = local.make_vpc ? null : data.aws_vpc.brought[0].cidr_block
}

resource "aws_vpc_security_group_egress_rule" "jgroups" {
  for_each = var.egress == "endpoints" ? local.jgroups_ports : {}

  security_group_id            = aws_security_group.keycloak.id
  referenced_security_group_id = aws_security_group.keycloak.id
  description                  = "JGroups ${each.key}, to the other nodes"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count = var.egress == "endpoints" && local.has_database_group ? 1 : 0

  security_group_id            = aws_security_group.keycloak.id
  referenced_security_group_id = local.database_security_group_id
  description                  = "PostgreSQL"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group" "endpoints" {
  count = length(local.interface_endpoints) > 0 ? 1 : 0

  name_prefix = "${var.name}-endpoints-"
  description = "Private ways to services of AWS"
  vpc_id      = local.vpc_id

  tags = { Name = "${var.name}-endpoints" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(aws_security_group.endpoints)

  security_group_id            = aws_security_group.endpoints[0].id
  referenced_security_group_id = aws_security_group.keycloak.id
  description                  = "From the nodes"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "database" {
  count = local.make_database ? 1 : 0

  name_prefix = "${var.name}-database-"
  description = "Database of Keycloak"
  vpc_id      = local.vpc_id

  tags = { Name = "${var.name}-database" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = local.has_database_group ? 1 : 0

  security_group_id            = local.database_security_group_id
  referenced_security_group_id = aws_security_group.keycloak.id
  description                  = "PostgreSQL, from the nodes of ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
