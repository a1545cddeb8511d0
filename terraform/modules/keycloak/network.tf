# Who may talk to a node: only other nodes, on the two ports of JGroups.
# VPC and subnets are brought along; the load balancer's rules come with the load balancer.
# 7800 carries the cluster's messages, 57800 its failure detection (FD_SOCK2: 7800 + 50000).

locals {
  jgroups_ports = {
    messages          = 7800
    failure-detection = 57800
  }
}

resource "aws_security_group" "keycloak" {
  name_prefix = "${var.name}-"
  description = "Keycloak nodes: cluster traffic among themselves, and whatever they call."
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
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

# The database, ECR, S3, CloudWatch Logs, identity providers and mail servers: their addresses are not known here.
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.keycloak.id
  description       = "Everything that a node calls"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
