# Who may talk to whom. Open to the outside: ports 443 and 80 of the load balancer, and nothing else.
# 7800 carries the cluster's messages, 57800 its failure detection (FD_SOCK2: 7800 + 50000): only between tasks.
# The management port 9000 is for the load balancer's health check: both groups must allow it.

locals {
  jgroups_ports = { messages = 7800, failure-detection = 57800 }
  alb_ports     = { requests = 8080, health = 9000 }

  alb_ingress = merge([
    for cidr in var.ingress_cidrs : { for port in [443, 80] : "${port} ${cidr}" => { port = port, cidr = cidr } }
  ]...)

  # Where the database is. A brought one without a security group is only reached where everything is.
  database_security_group_id = local.make_database ? aws_security_group.database[0].id : try(var.database.security_group.id, null)
  has_database_group         = local.make_database || try(var.database.security_group, null) != null
}

resource "aws_security_group" "alb" {
  name_prefix = "${var.name}-alb-"
  description = "Load balancer of Keycloak"
  vpc_id      = local.vpc_id

  tags = { Name = "${var.name}-alb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "alb" {
  for_each = local.alb_ingress

  security_group_id = aws_security_group.alb.id
  description       = each.value.port == 443 ? "Users, over TLS" : "Users, to be sent to port 443"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_egress_rule" "alb" {
  for_each = local.alb_ports

  security_group_id            = aws_security_group.alb.id
  referenced_security_group_id = aws_security_group.keycloak.id
  description                  = "To the nodes: ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_security_group" "keycloak" {
  name_prefix = "${var.name}-"
  description = "Keycloak nodes: cluster traffic among themselves, and whatever they call."
  vpc_id      = local.vpc_id

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "alb_to_keycloak" {
  for_each = local.alb_ports

  security_group_id            = aws_security_group.keycloak.id
  referenced_security_group_id = aws_security_group.alb.id
  description                  = "From the load balancer: ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "jgroups" {
  for_each = local.jgroups_ports

  security_group_id            = aws_security_group.keycloak.id
  referenced_security_group_id = aws_security_group.keycloak.id
  description                  = "JGroups ${each.key}, from the other nodes only"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# Identity providers, LDAP and mail servers, applications to log out from: their addresses and ports are not known here.
resource "aws_vpc_security_group_egress_rule" "all" {
  count = var.egress == "nat" ? 1 : 0

  security_group_id = aws_security_group.keycloak.id
  description       = "Everything that a node calls"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
