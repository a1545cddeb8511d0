# The database, unless one is brought: PostgreSQL with TLS only, encrypted, with backups, in subnets without a way out.
# Its password is in secrets.tf. With db_managed_rotation, RDS keeps and rotates it instead (rotation.tf).

locals {
  database_tls = var.db_ca_file == "" ? "sslmode=require" : "sslmode=verify-full&sslrootcert=${var.db_ca_file}"

  database_url = local.make_database ? (
    "jdbc:postgresql://${aws_db_instance.keycloak[0].address}:${aws_db_instance.keycloak[0].port}/keycloak?${local.database_tls}"
  ) : var.database.url
  database_username = local.make_database ? aws_db_instance.keycloak[0].username : var.database.username
}

resource "aws_db_subnet_group" "keycloak" {
  count = local.make_database ? 1 : 0

  name_prefix = "${var.name}-database-"
  description = "Database of Keycloak"
  subnet_ids  = local.database_subnet_ids
}

resource "aws_db_parameter_group" "keycloak" {
  count = local.make_database ? 1 : 0

  name_prefix = "${var.name}-database-"
  family      = "postgres${var.db_engine_version}"
  description = "Keycloak: connections over TLS only"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "keycloak" {
  count = local.make_database ? 1 : 0

  identifier     = var.name
  engine         = "postgres"
  engine_version = var.db_engine_version
  instance_class = var.db_instance_class
  db_name        = "keycloak"
  username       = "keycloak"
  port           = 5432

  password_wo                 = var.db_managed_rotation ? null : ephemeral.aws_secretsmanager_random_password.database[0].random_password
  password_wo_version         = var.db_managed_rotation ? null : var.db_password_version
  manage_master_user_password = var.db_managed_rotation ? true : null

  master_user_secret_kms_key_id = var.db_managed_rotation ? try(var.kms_key.arn, null) : null

  allocated_storage     = var.db_allocated_storage
  max_allocated_storage = var.db_max_allocated_storage
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = try(var.kms_key.arn, null)

  multi_az               = var.db_multi_az
  db_subnet_group_name   = aws_db_subnet_group.keycloak[0].name
  vpc_security_group_ids = [aws_security_group.database[0].id]
  parameter_group_name   = aws_db_parameter_group.keycloak[0].name
  publicly_accessible    = false

  backup_retention_period    = var.db_backup_retention_days
  copy_tags_to_snapshot      = true
  auto_minor_version_upgrade = true

  # A change that somebody applies is made then, not in some night's maintenance window: the plan says what it is, and db_engine_version is only raised by hand.
  allow_major_version_upgrade = true
  apply_immediately           = true

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.db_final_snapshot
  final_snapshot_identifier = "${var.name}-final-${formatdate("YYYYMMDDhhmmss", plantimestamp())}"

  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  lifecycle {
    # The name of the snapshot is that of the day when the database was made: a second database of the name gets another.
    ignore_changes = [final_snapshot_identifier]
  }

  # RDS would make the groups itself, and keep what is in them for ever.
  depends_on = [aws_cloudwatch_log_group.database]
}
