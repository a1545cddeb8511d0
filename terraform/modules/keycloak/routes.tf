# Which subnet reaches what: public ones the internet, private ones a NAT gateway if there is one, the database's nothing outside the VPC.

resource "aws_route_table" "public" {
  count = local.make_vpc ? 1 : 0

  vpc_id = aws_vpc.keycloak[0].id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "internet" {
  count = local.make_vpc ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.keycloak[0].id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.keycloak[0].id

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route" "nat" {
  for_each = var.egress == "nat" ? local.zones : {}

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = contains(keys(local.nat_zones), each.key) ? aws_nat_gateway.keycloak[each.key].id : one(values(aws_nat_gateway.keycloak)[*].id)
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# No route but the VPC's own.
resource "aws_route_table" "database" {
  count = local.make_vpc ? 1 : 0

  vpc_id = aws_vpc.keycloak[0].id

  tags = { Name = "${var.name}-database" }
}

resource "aws_route_table_association" "database" {
  for_each = local.zones

  subnet_id      = aws_subnet.database[each.key].id
  route_table_id = aws_route_table.database[0].id
}
