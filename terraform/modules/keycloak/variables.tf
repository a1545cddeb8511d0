# Inputs of the module.
# The image's tag and digest are the release contract: the root reads them from image.auto.tfvars.

variable "name" {
  type        = string
  description = "Name of the cluster, the service, the image repository and all that belongs to them."
  default     = "keycloak"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "name is 2 to 24 lower-case letters, digits and hyphens, and starts with a letter: it becomes part of a bucket's name."
  }
}

variable "image_tag" {
  type        = string
  description = "Tag of the Keycloak image (X.Y.Z). While it is empty, there is neither a task definition nor a service."
  default     = ""
  nullable    = false

  validation {
    condition     = var.image_tag == "" || can(regex("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$", var.image_tag))
    error_message = "image_tag is a release such as 1.4.2 (three numbers, no leading zeros, no suffix), or empty before the first release."
  }
}

variable "image_digest" {
  type        = string
  description = "Digest of the Keycloak image (sha256:…). Empty: the tag alone says which image runs."
  default     = ""
  nullable    = false

  validation {
    condition     = var.image_digest == "" || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest is sha256: and 64 lower-case hexadecimal digits, as the registry reports it, or empty."
  }

  validation {
    condition     = var.image_digest == "" || var.image_tag != ""
    error_message = "image_digest is set and image_tag is empty: set both, or neither."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the tasks run."
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id is the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  type        = list(string)
  description = "Subnets of the tasks, in at least two availability zones. They must reach ECR, CloudWatch Logs, S3 and the database."
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "subnet_ids lists at least two different subnets, such as subnet-0123456789abcdef0: nodes in one zone are lost together."
  }
}

variable "assign_public_ip" {
  type        = bool
  description = "Whether the tasks get public addresses. Needed in public subnets without a NAT gateway, to pull the image."
  default     = false
  nullable    = false
}

variable "desired_count" {
  type        = number
  description = "Number of Keycloak nodes when the service is made. Later changes belong to autoscaling, or to whoever scales by hand."
  default     = 2
  nullable    = false

  validation {
    condition     = var.desired_count >= 2 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count is a whole number of at least 2: one node is not highly available."
  }
}

variable "cpu" {
  type        = number
  description = "CPU units of a task (1024 = one vCPU), in a combination with memory that Fargate offers."
  default     = 1024
  nullable    = false
}

variable "memory" {
  type        = number
  description = "Memory of a task in MiB, in a combination with cpu that Fargate offers."
  default     = 2048
  nullable    = false
}

variable "environment" {
  type        = map(string)
  description = "Environment variables for Keycloak's run-time options, such as KC_HOSTNAME and KC_DB_URL. Build options are fixed in the image and do not belong here."
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.environment), keys(var.secrets))) == 0
    error_message = "A name stands in both environment and secrets: ECS refuses such a task definition."
  }
}

variable "secrets" {
  type        = map(string)
  description = "Environment variables whose values are secrets: name to the ARN in Secrets Manager or Parameter Store, such as KC_DB_PASSWORD."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[^:]+:(secretsmanager|ssm):", arn))])
    error_message = "secrets maps names to ARNs of Secrets Manager secrets or Parameter Store parameters, never to the values themselves."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days for which CloudWatch Logs keeps the tasks' output."
  default     = 30
  nullable    = false
}
