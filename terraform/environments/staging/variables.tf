# Values of this environment. terraform.tfvars holds them, except the image: image.auto.tfvars holds that alone.
# The module checks them and says what is right; its README describes each.

variable "aws_region" {
  type        = string
  description = "Region of the stack, such as eu-west-1."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]{2,4})*-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[0-9]$", var.aws_region))
    error_message = "aws_region is the code of an AWS region, such as eu-west-1."
  }
}

variable "keycloak_image_tag" {
  type        = string
  description = "Tag of the Keycloak image (X.Y.Z); empty before the first release. The action update-tfvar writes it."
  nullable    = false

  validation {
    condition     = var.keycloak_image_tag == "" || can(regex("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$", var.keycloak_image_tag))
    error_message = "keycloak_image_tag is a release such as 1.4.2 (three numbers, no leading zeros, no suffix), or empty before the first release."
  }
}

variable "keycloak_image_digest" {
  type        = string
  description = "Digest of the Keycloak image (sha256:…); empty before the first release. The action update-tfvar writes it."
  nullable    = false

  validation {
    condition     = var.keycloak_image_digest == "" || can(regex("^sha256:[0-9a-f]{64}$", var.keycloak_image_digest))
    error_message = "keycloak_image_digest is sha256: and 64 lower-case hexadecimal digits, as the registry reports it, or empty before the first release."
  }
}

variable "repository" {
  type        = object({ arn = string })
  description = "An image repository that another stack made; null makes one."
  default     = null
}

variable "keycloak_environment" {
  type        = map(string)
  description = "More of Keycloak's run-time options, such as KC_LOG_LEVEL."
  default     = {}
  nullable    = false
}

variable "keycloak_secrets" {
  type        = map(string)
  description = "More of Keycloak's secret options: name to the ARN in Secrets Manager or Parameter Store."
  default     = {}
  nullable    = false
}

variable "hostname" {
  type        = string
  description = "Name under which users reach Keycloak, such as login.example.org."
  nullable    = false
}

variable "admin_hostname" {
  type        = string
  description = "Another name for the administrators; null: they use hostname, at /admin/."
  default     = null
}

variable "admin_cidrs" {
  type        = list(string)
  description = "IPv4 ranges from which administrators come. Empty: nobody reaches the administration console."
  default     = []
  nullable    = false
}

variable "zone_name" {
  type        = string
  description = "A DNS zone to make, and to delegate once."
  default     = null
}

variable "zone" {
  type        = object({ id = string })
  description = "A Route 53 zone that exists and is delegated."
  default     = null
}

variable "certificate" {
  type        = object({ arn = string })
  description = "A certificate in ACM that is issued, if DNS is elsewhere."
  default     = null
}

variable "domain_delegated" {
  type        = bool
  description = "Whether the zone of zone_name is delegated. False at first; the output next_steps says what to do."
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
  description = "A VPC that exists; null makes one."
  default     = null
}

variable "database" {
  type = object({
    url             = string
    username        = string
    password_secret = string
    security_group  = object({ id = string })
  })
  description = "A PostgreSQL that exists; null makes one."
  default     = null
}

variable "db_password_version" {
  type        = number
  description = "Raise it by one for a new password of the database."
  default     = 1
  nullable    = false
}

variable "cluster_discovery" {
  type        = string
  description = "How the nodes find each other: s3-ping or jdbc-ping."
  default     = "s3-ping"
  nullable    = false
}

variable "bootstrap_admin" {
  type        = bool
  description = "Whether the first start makes an administrator. False once a real one is there."
  default     = true
  nullable    = false
}

variable "alarm_topics" {
  type        = list(string)
  description = "ARNs of the SNS topics that hear of alarms."
  default     = []
  nullable    = false
}

variable "permissions_boundary" {
  type        = string
  description = "ARN of the permissions boundary of the stack's roles; the output of bootstrap/."
  default     = null
}

variable "kms_key" {
  type        = object({ arn = string })
  description = "A KMS key of yours for the secrets and the database; null uses AWS's own."
  default     = null
}

variable "deletion_protection" {
  type        = bool
  description = "Whether database, load balancer and what has content refuse to be deleted."
  default     = false
  nullable    = false
}
