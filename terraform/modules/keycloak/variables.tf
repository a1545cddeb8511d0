# Inputs: the stack's name, the image, and Keycloak itself.
# The image's tag and digest are the release contract: the root reads them from image.auto.tfvars.
# An object that is null means: make one. variables_network.tf and variables_database.tf hold the other inputs.

variable "name" {
  type        = string
  description = "Name of the cluster, the service, the image repository and all that belongs to them. Two stacks in one account have two names."
  default     = "keycloak"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 24 && !startswith(var.name, "internal-") && !startswith(var.name, "sg-")
    error_message = "name is 3 to 24 lower-case letters, digits and single hyphens, starts with a letter (not with internal- or sg-, which AWS keeps for itself), and ends with a letter or a digit, such as keycloak-staging."
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

variable "repository" {
  type = object({
    arn = string
  })
  description = "An image repository in ECR that exists, also in another account or region: one that another stack made, so that every environment runs what was built once."
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^arn:[a-z-]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[a-z0-9][a-z0-9._/-]*$", var.repository.arn))
    error_message = "repository.arn is the ARN of an ECR repository, such as arn:aws:ecr:eu-west-1:123456789012:repository/keycloak; null makes one."
  }

  validation {
    condition     = var.repository == null || var.egress == "nat" || var.vpc != null || try(split(":", var.repository.arn)[3] == local.region, false)
    error_message = "egress = endpoints reaches ECR in ${local.region} only: use a repository there, such as a replica."
  }
}

variable "environment" {
  type        = map(string)
  description = "More of Keycloak's run-time options as environment variables, such as KC_LOG_LEVEL. Build options belong to the image."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z_][A-Z0-9_]*$", name))])
    error_message = "environment maps names such as KC_LOG_LEVEL to values: capitals, digits and underscores."
  }

  validation {
    condition     = alltrue([for value in values(var.environment) : value != null])
    error_message = "environment has a name whose value is null: give it one (\"\" is one), or leave the name out."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), keys(var.secrets))) == 0
    error_message = "A name stands in both environment and secrets: ECS refuses such a task definition."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), local.owned_names)) == 0
    error_message = "environment sets ${join(", ", setintersection(keys(var.environment), local.owned_names))}: the module sets this from its own inputs, such as hostname, database and cluster_discovery, or the stack is made for what the image has (ports, a shared cache)."
  }

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex(local.build_options, name))])
    error_message = "environment sets ${join(", ", [for name in keys(var.environment) : name if can(regex(local.build_options, name))])}: a build option of Keycloak. Set it where docker/Dockerfile runs kc.sh build; a task with another value exits with 2."
  }
}

variable "secrets" {
  type        = map(string)
  description = "Environment variables whose values are secrets: name to the ARN in Secrets Manager or Parameter Store. The execution role may read these and no others; with the boundary of bootstrap/, a name that does not start with the stack's is listed there (secrets) too."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex(local.secret_reference, arn))])
    error_message = "secrets maps names to full ARNs of Secrets Manager secrets (perhaps with :key::) or Parameter Store parameters, without *, never to the values themselves."
  }

  validation {
    condition     = var.egress == "nat" || var.vpc != null || alltrue([for arn in values(var.secrets) : try(startswith(arn, "arn:${local.partition}:secretsmanager:${local.region}:"), false)])
    error_message = "egress = endpoints reaches Secrets Manager in ${local.region} only: keep the secrets there, not in Parameter Store or another region."
  }

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Z_][A-Z0-9_]*$", name))])
    error_message = "secrets maps names such as KC_SPI_EXAMPLE_KEY to ARNs: capitals, digits and underscores."
  }

  validation {
    condition     = alltrue([for name in keys(var.secrets) : !can(regex(local.build_options, name))])
    error_message = "secrets sets ${join(", ", [for name in keys(var.secrets) : name if can(regex(local.build_options, name))])}: a build option of Keycloak, which is no secret. Set it where docker/Dockerfile runs kc.sh build."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), local.owned_names)) == 0
    error_message = "secrets sets ${join(", ", setintersection(keys(var.secrets), local.owned_names))}: the module sets this from its own inputs, such as database and bootstrap_admin."
  }
}

variable "bootstrap_admin" {
  type        = bool
  description = "Whether the first start makes an administrator called temp-admin, with a password in Secrets Manager. False once a real administrator is there and temp-admin is deleted."
  default     = true
  nullable    = false
}

variable "relative_path" {
  type        = string
  description = "Path under which Keycloak serves, such as /auth, if the image was built with KC_HTTP_RELATIVE_PATH; empty for the root."
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_-]+)*$", var.relative_path))
    error_message = "relative_path is empty, or a path such as /auth: it starts with a slash and ends without one."
  }
}

variable "cluster_discovery" {
  type        = string
  description = "How the nodes find each other: s3-ping (a list of peers in a bucket; the image needs the provider jars) or jdbc-ping (a table in the database; Keycloak's default)."
  default     = "s3-ping"
  nullable    = false

  validation {
    condition     = contains(["s3-ping", "jdbc-ping"], var.cluster_discovery)
    error_message = "cluster_discovery is s3-ping or jdbc-ping."
  }
}

variable "min_nodes" {
  type        = number
  description = "Number of Keycloak nodes when the service is made, and the least that autoscaling leaves. One node is not highly available."
  default     = 2
  nullable    = false

  validation {
    condition     = var.min_nodes >= 1 && floor(var.min_nodes) == var.min_nodes
    error_message = "min_nodes is a whole number of at least 1, and of at least 2 where logins must survive the loss of a node."
  }
}

variable "max_nodes" {
  type        = number
  description = "The most nodes that autoscaling starts. The same as min_nodes: no autoscaling."
  default     = 4
  nullable    = false

  validation {
    condition     = var.max_nodes >= var.min_nodes && floor(var.max_nodes) == var.max_nodes && var.max_nodes <= 20
    error_message = "max_nodes is a whole number from min_nodes to 20."
  }
}

variable "cpu" {
  type        = number
  description = "CPU units of a task (1024 = one vCPU), in a combination with memory that Fargate offers. Less than 1024 makes starts very slow."
  default     = 1024
  nullable    = false

  validation {
    condition     = contains(keys(local.fargate_memory), tostring(var.cpu))
    error_message = "cpu is one of ${join(", ", sort(keys(local.fargate_memory)))}: 256 for a quarter of a vCPU, 1024 for one."
  }
}

variable "memory" {
  type        = number
  description = "Memory of a task in MiB, in a combination with cpu that Fargate offers. Keycloak's heap is 70 % of it."
  default     = 2048
  nullable    = false

  validation {
    condition     = contains(lookup(local.fargate_memory, tostring(var.cpu), []), var.memory)
    error_message = "Fargate does not offer memory = ${var.memory} with cpu = ${var.cpu}. It offers, in MiB: ${join(", ", lookup(local.fargate_memory, tostring(var.cpu), []))}."
  }
}

variable "cpu_architecture" {
  type        = string
  description = "X86_64 or ARM64: what the image was built for. On the other one the container ends at once (exec format error)."
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture is X86_64 or ARM64."
  }
}

variable "enable_execute_command" {
  type        = bool
  description = "Whether people with the right may open a shell in a task (ECS Exec). Its agent writes to the root file system, which is then not read-only."
  default     = false
  nullable    = false
}

variable "health_check_grace_period_seconds" {
  type        = number
  description = "How long a task may be unhealthy at the load balancer after its start. Costs nothing when the start is quick; a first start makes the database's tables."
  default     = 600
  nullable    = false

  validation {
    condition     = var.health_check_grace_period_seconds >= 180 && var.health_check_grace_period_seconds <= 3600 && floor(var.health_check_grace_period_seconds) == var.health_check_grace_period_seconds
    error_message = "health_check_grace_period_seconds is a whole number from 180 to 3600: a first start takes up to two minutes, and ECS kills a task that is unhealthy after the grace period."
  }
}

variable "deregistration_delay_seconds" {
  type        = number
  description = "How long the load balancer lets requests of a leaving node finish. It adds to the time of every deployment."
  default     = 30
  nullable    = false

  validation {
    condition     = var.deregistration_delay_seconds >= 30 && var.deregistration_delay_seconds <= 60 && floor(var.deregistration_delay_seconds) == var.deregistration_delay_seconds
    error_message = "deregistration_delay_seconds is a whole number from 30 to 60."
  }
}

variable "container_insights" {
  type        = string
  description = "CloudWatch Container Insights of the cluster: disabled, enabled or enhanced. Costs by the number of metrics."
  default     = "enabled"
  nullable    = false

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "container_insights is disabled, enabled or enhanced."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days for which CloudWatch Logs keeps what the tasks and the database write. Longer than a node lives, if its log is to tell about its start."
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is a number that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "alarm_topics" {
  type        = list(string)
  description = "ARNs of the SNS topics that hear of alarms. Empty: alarms are made and tell nobody."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topics : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\\.fifo)?$", arn))])
    error_message = "alarm_topics lists ARNs of SNS topics, such as arn:aws:sns:eu-west-1:123456789012:on-call."
  }

  validation {
    condition     = alltrue([for arn in var.alarm_topics : try(split(":", arn)[3], "") == local.region])
    error_message = "alarm_topics names a topic outside of ${local.region}: an alarm tells topics of its own region only."
  }
}

variable "kms_key" {
  type = object({
    arn = string
  })
  description = "A KMS key of yours for the secrets and the database, instead of AWS's own keys. Its key policy must let the account's IAM policies decide."
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key.arn))
    error_message = "kms_key.arn is the ARN of a KMS key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab; null uses AWS's own keys."
  }

  validation {
    condition     = var.kms_key == null || try(split(":", var.kms_key.arn)[3], "") == local.region
    error_message = "kms_key is not in ${local.region}: the database and the secrets take a key of their own region only."
  }
}

variable "permissions_boundary" {
  type        = string
  description = "ARN of the permissions boundary that every role of the stack gets; the module github-oidc makes one."
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/keycloak-boundary, or null."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether database and load balancer refuse to be deleted, buckets and repository with content stay, and deleted secrets can be restored for 30 days. Set false and apply before a destroy."
  default     = true
  nullable    = false
}
