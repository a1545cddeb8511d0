# Which of its addresses a node gives to the others.
# A container on Fargate also has 169.254.172.2. JGroups skips it by taking an address of 10/8, 172.16/12 or 192.168/16 (SITE_LOCAL), Keycloak's default.
# In a VPC of another range, such as 100.64/10, nothing matches that and every node may be alone: then the subnets' ranges are named by a pattern.

data "aws_subnet" "private" {
  count = local.make_vpc ? 0 : length(var.vpc.private_subnet_ids)

  id = var.vpc.private_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.vpc.id
      error_message = "${self.id} of vpc.private_subnet_ids is in ${self.vpc_id}, not in vpc.id, ${var.vpc.id}."
    }
  }
}

locals {
  is_site_local = alltrue([
    for cidr in local.private_cidrs : can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.)", cidr))
  ])

  # For each range its four octets, each with the number of its bits that are fixed. /18 of 100.64.64.0: 100 (8), 64 (8), 64 (2), 0 (0).
  octets = [
    for cidr in local.private_cidrs : [
      for index, octet in split(".", split("/", cidr)[0]) : {
        value = tonumber(octet)
        bits  = min(max(tonumber(split("/", cidr)[1]) - 8 * index, 0), 8)
      }
    ]
  ]

  # Neither backslash nor comma: both mean something on the way through Keycloak's configuration.
  address_patterns = [
    for octets in local.octets : join("[.]", [
      for octet in octets : (
        octet.bits == 8 ? tostring(octet.value) :
        octet.bits == 0 ? "[0-9]+" :
        "(${join("|", range(octet.value, octet.value + pow(2, 8 - octet.bits)))})"
      )
    ])
  ]

  bind_address = local.is_site_local ? {} : {
    KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS = "match-address:(${join("|", local.address_patterns)})"
  }
}
