# Inputs: addresses, names and who may come in.

variable "hostname" {
  type        = string
  description = "Name under which users reach Keycloak, such as login.example.org. Keycloak is told https:// and this name, and trusts no other."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.hostname))
    error_message = "hostname is a full host name in lower case, such as login.example.org: no https://, no port, no path."
  }

  validation {
    condition     = length(var.hostname) <= 253
    error_message = "hostname is longer than 253 characters, the most that DNS allows."
  }
}

variable "admin_hostname" {
  type        = string
  description = "Another name for the administrators, such as admin.login.example.org. Null: they use hostname, at /admin/."
  default     = null

  validation {
    condition     = var.admin_hostname == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.admin_hostname))
    error_message = "admin_hostname is a full host name in lower case, such as admin.login.example.org: no https://, no port, no path; or null."
  }

  validation {
    condition     = var.admin_hostname == null || var.admin_hostname != var.hostname
    error_message = "admin_hostname is the same as hostname: leave it null, or give administrators a name of their own."
  }
}

variable "admin_cidrs" {
  type        = list(string)
  description = "IPv4 ranges from which administrators come, such as the office's. Only they reach the administration console and the master realm. Empty: nobody does."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.admin_cidrs : can(cidrnetmask(cidr)) && cidr == try(cidrsubnet(cidr, 0, 0), "")])
    error_message = "admin_cidrs lists IPv4 ranges whose host bits are zero, such as 198.51.100.0/24 or 203.0.113.7/32."
  }

  validation {
    condition     = alltrue([for cidr in var.admin_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, true)])
    error_message = "admin_cidrs has a range wider than /8, such as 0.0.0.0/0: that opens the administration console to half the world. Name the ranges of your administrators."
  }

  validation {
    condition     = length(var.admin_cidrs) <= 20
    error_message = "admin_cidrs has at most 20 ranges: the load balancer takes two a rule."
  }
}

variable "ingress_cidrs" {
  type        = list(string)
  description = "IPv4 ranges that reach the load balancer at all, on ports 80 and 443."
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.ingress_cidrs) > 0 && alltrue([for cidr in var.ingress_cidrs : can(cidrnetmask(cidr)) && cidr == try(cidrsubnet(cidr, 0, 0), "")])
    error_message = "ingress_cidrs lists at least one IPv4 range whose host bits are zero, such as 0.0.0.0/0 or 198.51.100.0/24."
  }
}

variable "refuse_forwarded_for" {
  type        = bool
  description = "Whether a request that brings an X-Forwarded-For header of its own is answered with 400. Keycloak takes the first address of that header for the client's, so a client can forge the one in events; but proxies that set it, such as a company's or a CDN, are then locked out."
  default     = false
  nullable    = false
}

variable "zone_name" {
  type        = string
  description = "A public DNS zone to make in Route 53, such as login.example.org. You delegate it to its name servers once; the output next_steps names them."
  default     = null

  validation {
    condition     = var.zone_name == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.zone_name))
    error_message = "zone_name is a domain of yours in lower case, such as login.example.org: at least two labels, no dot at its end."
  }

  validation {
    condition     = var.zone_name == null || try(var.hostname == var.zone_name || endswith(var.hostname, ".${var.zone_name}"), false)
    error_message = "hostname must be zone_name itself or end with a dot and zone_name, such as login.example.org in the zone example.org. Leave zone_name out if no zone is to be made."
  }

  validation {
    condition     = var.zone_name == null || var.admin_hostname == null || try(var.admin_hostname == var.zone_name || endswith(var.admin_hostname, ".${var.zone_name}"), false)
    error_message = "admin_hostname must end with a dot and zone_name: its record is made in the same zone."
  }

  validation {
    condition     = var.zone_name == null || var.zone == null
    error_message = "zone_name makes a zone and zone brings one: set one of them."
  }
}

variable "zone" {
  type = object({
    id = string
  })
  description = "A public Route 53 zone that exists and is delegated; hostname and admin_hostname are names in it."
  default     = null

  validation {
    condition     = var.zone == null || can(regex("^Z[A-Z0-9]+$", var.zone.id))
    error_message = "zone.id is the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "certificate" {
  type = object({
    arn = string
  })
  description = "A certificate in ACM that is issued, for hostname and admin_hostname, in the stack's region. Null: one is made and validated by DNS, which takes zone_name or zone."
  default     = null

  validation {
    condition     = var.certificate == null || can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$", var.certificate.arn))
    error_message = "certificate.arn is the ARN of an ACM certificate, such as arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012."
  }

  validation {
    condition     = var.certificate == null || try(split(":", var.certificate.arn)[3], "") == local.region
    error_message = "certificate is not in ${local.region}: a load balancer takes a certificate of its own region only."
  }

  validation {
    condition     = var.certificate != null || var.zone != null || var.zone_name != null
    error_message = "A certificate needs a DNS zone for its validation. Set zone_name to make a zone, zone to use one of yours, or certificate if DNS is elsewhere."
  }

  validation {
    condition     = var.certificate != null || length(var.hostname) <= 64
    error_message = "hostname has ${length(var.hostname)} characters, and a certificate that ACM makes begins with a name of at most 64: use a shorter one, or bring a certificate."
  }
}

variable "domain_delegated" {
  type        = bool
  description = "Whether the zone that zone_name made is delegated to its name servers. False at first: the apply ends with a listener that answers 503, and next_steps says what to delegate. True: certificate, HTTPS and service follow."
  default     = false
  nullable    = false
}

variable "vpc" {
  type = object({
    id                  = string
    public_subnet_ids   = list(string)
    private_subnet_ids  = list(string)
    database_subnet_ids = optional(list(string))
  })
  description = "A VPC that exists: public subnets for the load balancer, private ones for the tasks (they must reach ECR, S3, CloudWatch Logs and Secrets Manager), and for the database (default: the private ones)."
  default     = null

  validation {
    condition     = var.vpc == null || can(regex("^vpc-[0-9a-f]+$", var.vpc.id))
    error_message = "vpc.id is the id of a VPC, such as vpc-0123456789abcdef0."
  }

  validation {
    condition = var.vpc == null || alltrue([
      for ids in try([var.vpc.public_subnet_ids, var.vpc.private_subnet_ids, coalesce(var.vpc.database_subnet_ids, var.vpc.private_subnet_ids)], []) :
      length(distinct(ids)) >= 2 && alltrue([for id in ids : can(regex("^subnet-[0-9a-f]+$", id))])
    ])
    error_message = "vpc lists at least two different subnets of each kind, such as subnet-0123456789abcdef0, in different availability zones: nodes in one zone are lost together."
  }
}

variable "vpc_cidr" {
  type        = string
  description = "IPv4 range of the VPC that is made."
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && var.vpc_cidr == try(cidrsubnet(var.vpc_cidr, 0, 0), "") && can(regex("/1[6-9]$", var.vpc_cidr))
    error_message = "vpc_cidr is an IPv4 range of /16 to /19 whose host bits are zero, such as 10.0.0.0/16."
  }
}

variable "zone_count" {
  type        = number
  description = "Number of availability zones that the VPC spans."
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count is 2 or 3: a load balancer takes at least two zones."
  }
}

variable "egress" {
  type        = string
  description = "How tasks reach out: nat (a NAT gateway; everything works), or endpoints (AWS only; the output egress_limits says what does not work)."
  default     = "nat"
  nullable    = false

  validation {
    condition     = contains(["nat", "endpoints"], var.egress)
    error_message = "egress is nat or endpoints."
  }
}

variable "single_nat_gateway" {
  type        = bool
  description = "One NAT gateway for all zones instead of one in each: cheaper, and its zone's loss cuts the others off the internet."
  default     = false
  nullable    = false
}

variable "access_log_retention_days" {
  type        = number
  description = "Days for which the load balancer's access logs are kept."
  default     = 90
  nullable    = false

  validation {
    condition     = var.access_log_retention_days >= 1 && floor(var.access_log_retention_days) == var.access_log_retention_days
    error_message = "access_log_retention_days is a whole number of at least 1."
  }
}
