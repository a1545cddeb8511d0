# The VPC, unless one is brought: public subnets for the load balancer, private ones for the tasks, closed ones for the database.
# No task has a public address. Tasks reach out through NAT gateways, or reach nothing but AWS (egress = endpoints, in endpoints.tf).
# One /16 holds, for each zone: a /20 for tasks, a /24 for the load balancer, a /24 for the database.

data "aws_availability_zones" "available" {
  count = local.make_vpc ? 1 : 0

  state = "available"

  # No local zones: they have neither RDS nor enough of Fargate.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zone_count
      error_message = "${local.region} has ${length(self.names)} availability zones and zone_count is ${var.zone_count}: set zone_count to 2, or choose another region."
    }
  }
}

locals {
  zones     = local.make_vpc ? { for index, zone in slice(data.aws_availability_zones.available[0].names, 0, var.zone_count) : zone => index } : {}
  nat_zones = var.egress == "nat" ? { for zone, index in local.zones : zone => index if index == 0 || !var.single_nat_gateway } : {}

  vpc_id              = local.make_vpc ? aws_vpc.keycloak[0].id : var.vpc.id
  public_subnet_ids   = local.make_vpc ? values(aws_subnet.public)[*].id : var.vpc.public_subnet_ids
  private_subnet_ids  = local.make_vpc ? values(aws_subnet.private)[*].id : var.vpc.private_subnet_ids
  database_subnet_ids = local.make_vpc ? values(aws_subnet.database)[*].id : coalesce(var.vpc.database_subnet_ids, var.vpc.private_subnet_ids)
  private_cidrs       = local.make_vpc ? [for index in values(local.zones) : cidrsubnet(var.vpc_cidr, 4, index + 1)] : data.aws_subnet.private[*].cidr_block
}

resource "aws_vpc" "keycloak" {
  count = local.make_vpc ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Whatever is put into the VPC without a security group of its own can neither reach nor be reached.
resource "aws_default_security_group" "closed" {
  count = local.make_vpc ? 1 : 0

  vpc_id = aws_vpc.keycloak[0].id

  tags = { Name = "${var.name}-default-closed" }
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.keycloak[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, each.value)

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.keycloak[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, each.value + 1)

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_subnet" "database" {
  for_each = local.zones

  vpc_id            = aws_vpc.keycloak[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, each.value + 8)

  tags = { Name = "${var.name}-database-${each.key}" }
}

resource "aws_internet_gateway" "keycloak" {
  count = local.make_vpc ? 1 : 0

  vpc_id = aws_vpc.keycloak[0].id

  tags = { Name = var.name }
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones

  domain = "vpc"

  tags = { Name = "${var.name}-nat-${each.key}" }

  # An address of the VPC needs its way out first.
  depends_on = [aws_internet_gateway.keycloak]
}

resource "aws_nat_gateway" "keycloak" {
  for_each = local.nat_zones

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${var.name}-${each.key}" }

  depends_on = [aws_internet_gateway.keycloak]
}
