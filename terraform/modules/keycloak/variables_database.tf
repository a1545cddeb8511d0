# Inputs: the database.

variable "database" {
  type = object({
    url             = string
    username        = string
    password_secret = string
    security_group  = object({ id = string })
  })
  description = "A PostgreSQL that exists: JDBC URL, user, and the ARN of the password in Secrets Manager or Parameter Store (with :key:: for one key of a secret). Its security_group lets the tasks in on port 5432; null leaves that to you. A password that rotates needs a new deployment each time."
  default     = null

  validation {
    condition     = var.database == null || can(regex("^jdbc:(aws-wrapper:)?postgresql://[^?]+\\?(.*&)?sslmode=(require|verify-ca|verify-full)(&.*)?$", var.database.url))
    error_message = "database.url is a JDBC URL for PostgreSQL with TLS, such as jdbc:postgresql://database.example.org:5432/keycloak?sslmode=require."
  }

  validation {
    condition     = var.database == null || try(length(regexall("[?&]sslmode=", var.database.url)) <= 1 && !can(regex("[?&](user|password)=", var.database.url)), false)
    error_message = "database.url says sslmode once, and neither user nor password: username and password_secret are for these."
  }

  validation {
    condition     = var.database == null || can(regex("^\\S+$", var.database.username))
    error_message = "database.username is the name of the database's user, such as keycloak."
  }

  validation {
    condition     = var.database == null || can(regex(local.secret_reference, var.database.password_secret))
    error_message = "database.password_secret is the ARN of a Secrets Manager secret or of a Parameter Store parameter, never the password itself."
  }

  validation {
    condition     = var.database == null || try(var.database.security_group, null) == null || can(regex("^sg-[0-9a-f]+$", var.database.security_group.id))
    error_message = "database.security_group.id is the id of the database's security group, such as sg-0123456789abcdef0."
  }

  validation {
    condition     = var.database == null || var.egress == "nat" || try(var.database.security_group, null) != null
    error_message = "egress = endpoints closes all other ways out: set database.security_group, so that tasks may reach the database."
  }

  validation {
    condition     = var.database == null || var.egress == "nat" || var.vpc != null || try(startswith(var.database.password_secret, "arn:${local.partition}:secretsmanager:${local.region}:"), false)
    error_message = "egress = endpoints reaches Secrets Manager in ${local.region} only: keep database.password_secret there, not in Parameter Store or another region."
  }
}

variable "db_instance_class" {
  type        = string
  description = "Instance class of the RDS instance."
  default     = "db.t4g.medium"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z][a-z0-9-]*\\.[a-z0-9]+$", var.db_instance_class))
    error_message = "db_instance_class is an RDS instance class, such as db.t4g.medium."
  }
}

variable "db_engine_version" {
  type        = string
  description = "Major version of PostgreSQL; a higher one upgrades the database at once, with an outage. RDS installs minor versions in the maintenance window."
  default     = "17"
  nullable    = false

  validation {
    condition     = can(regex("^1[4-8]$", var.db_engine_version))
    error_message = "db_engine_version is a major version of PostgreSQL that Keycloak 26 supports: 14, 15, 16, 17 or 18."
  }
}

variable "db_allocated_storage" {
  type        = number
  description = "Storage in GiB when the database is made."
  default     = 20
  nullable    = false

  validation {
    condition     = var.db_allocated_storage >= 20 && floor(var.db_allocated_storage) == var.db_allocated_storage
    error_message = "db_allocated_storage is a whole number of at least 20 (GiB): gp3 starts there."
  }
}

variable "db_max_allocated_storage" {
  type        = number
  description = "Storage in GiB up to which RDS grows the database by itself."
  default     = 100
  nullable    = false

  validation {
    condition     = var.db_max_allocated_storage >= ceil(1.1 * var.db_allocated_storage) && floor(var.db_max_allocated_storage) == var.db_max_allocated_storage
    error_message = "db_max_allocated_storage is a whole number (GiB), at least a tenth above db_allocated_storage: RDS refuses less."
  }
}

variable "db_multi_az" {
  type        = bool
  description = "Whether a standby in another zone takes over when the database's zone fails. Doubles the database's price."
  default     = true
  nullable    = false
}

variable "db_backup_retention_days" {
  type        = number
  description = "Days for which RDS keeps daily backups, to any second of which it restores."
  default     = 14
  nullable    = false

  validation {
    condition     = var.db_backup_retention_days >= 1 && var.db_backup_retention_days <= 35 && floor(var.db_backup_retention_days) == var.db_backup_retention_days
    error_message = "db_backup_retention_days is a whole number from 1 to 35: a database without backups cannot go back after a failed upgrade."
  }
}

variable "db_final_snapshot" {
  type        = bool
  description = "Whether the database leaves a snapshot behind when it is destroyed. Like deletion_protection, it is applied before the destroy."
  default     = true
  nullable    = false
}

variable "db_password_version" {
  type        = number
  description = "Raise it by one, and the next apply gives the database a new password and rolls out tasks that know it. The password is in Secrets Manager and in no state."
  default     = 1
  nullable    = false

  validation {
    condition     = var.db_password_version >= 1 && floor(var.db_password_version) == var.db_password_version
    error_message = "db_password_version is a whole number of at least 1. Raise it by one for a new password."
  }
}

variable "db_managed_rotation" {
  type        = bool
  description = "RDS keeps the password and rotates it every seven days. Each rotation then starts a new deployment, by a small task that EventBridge runs (it takes egress = nat and a CloudTrail trail). False: the password changes when db_password_version does."
  default     = false
  nullable    = false

  validation {
    condition     = !var.db_managed_rotation || (var.database == null && var.egress == "nat")
    error_message = "db_managed_rotation takes the database that the module makes and egress = nat: the task that starts the deployment calls the API of ECS and pulls a public image."
  }
}

variable "db_ca_file" {
  type        = string
  description = "Path, in the image, of the PEM file with RDS's certificate authorities: then the database's certificate is verified too. Empty: encrypted, not verified."
  default     = ""
  nullable    = false

  validation {
    condition     = var.db_ca_file == "" || can(regex("^/[A-Za-z0-9._/-]+$", var.db_ca_file))
    error_message = "db_ca_file is an absolute path in the image, such as /opt/keycloak/conf/rds-global-bundle.pem, or empty."
  }
}

variable "db_pool_size" {
  type        = number
  description = "The most connections of one node. All nodes, and one more during a deployment, must stay below the database's max_connections (about 112 for each GiB of its memory)."
  default     = 20
  nullable    = false

  validation {
    condition     = var.db_pool_size >= 5 && var.db_pool_size <= 100 && floor(var.db_pool_size) == var.db_pool_size
    error_message = "db_pool_size is a whole number from 5 to 100; 100 is Keycloak's own default."
  }
}
