# Passwords: made by Secrets Manager while Terraform runs, given to the database and to the secret, and kept in no plan and no state.
# The secret is written after the database took the password, both in one apply. If an apply ends between the two, raise db_password_version once more.
# A task names the version of the secret that it reads: a new password is a new task definition, and so a rolling deployment.

locals {
  makes_password = local.make_database && !var.db_managed_rotation

  database_secret = (
    local.makes_password ? "${aws_secretsmanager_secret.database[0].arn}:password::${aws_secretsmanager_secret_version.database[0].version_id}" :
    local.make_database ? "${aws_db_instance.keycloak[0].master_user_secret[0].secret_arn}:password::" :
    var.database.password_secret
  )

  secrets = merge(
    var.secrets,
    { KC_DB_PASSWORD = local.database_secret },
    var.bootstrap_admin ? { KC_BOOTSTRAP_ADMIN_PASSWORD = aws_secretsmanager_secret.admin[0].arn } : {},
  )

  # What the execution role reads. A reference to one key of a secret ends in ":key:stage:version"; a policy names the secret, the first seven parts.
  brought_secrets = distinct([
    for arn in concat(values(var.secrets), local.make_database ? [] : [var.database.password_secret]) : join(":", slice(split(":", arn), 0, min(7, length(split(":", arn)))))
  ])
  secret_arns = concat(
    aws_secretsmanager_secret.database[*].arn,
    aws_secretsmanager_secret.admin[*].arn,
    var.db_managed_rotation ? [for database in aws_db_instance.keycloak : database.master_user_secret[0].secret_arn] : [],
    [for arn in local.brought_secrets : arn if can(regex("^arn:[^:]+:secretsmanager:", arn))],
  )
  parameter_arns = [for arn in local.brought_secrets : arn if can(regex("^arn:[^:]+:ssm:", arn))]
}

# Empty, and unknown until the secret is there: so a plan of a new stack asks AWS for no password.
ephemeral "aws_secretsmanager_random_password" "database" {
  count = local.makes_password ? 1 : 0

  password_length     = 40
  exclude_punctuation = true
  exclude_characters  = substr(aws_secretsmanager_secret.database[0].arn, 0, 0)
}

resource "aws_secretsmanager_secret" "database" {
  count = local.makes_password ? 1 : 0

  name_prefix             = "${var.name}-database-"
  description             = "Where Keycloak's database is, its user and the password."
  kms_key_id              = try(var.kms_key.arn, null)
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "database" {
  count = local.makes_password ? 1 : 0

  secret_id = aws_secretsmanager_secret.database[0].id
  secret_string_wo = jsonencode({
    engine   = "postgres"
    host     = aws_db_instance.keycloak[0].address
    port     = aws_db_instance.keycloak[0].port
    dbname   = aws_db_instance.keycloak[0].db_name
    username = aws_db_instance.keycloak[0].username
    password = ephemeral.aws_secretsmanager_random_password.database[0].random_password
  })
  secret_string_wo_version = var.db_password_version
}

ephemeral "aws_secretsmanager_random_password" "admin" {
  count = var.bootstrap_admin ? 1 : 0

  password_length     = 32
  exclude_punctuation = true
  exclude_characters  = substr(aws_secretsmanager_secret.admin[0].arn, 0, 0)
}

# Keycloak reads it once, when the database has no administrator yet. Later it opens nothing, if temp-admin is deleted as it should be.
resource "aws_secretsmanager_secret" "admin" {
  count = var.bootstrap_admin ? 1 : 0

  name_prefix             = "${var.name}-bootstrap-admin-"
  description             = "First password of Keycloak's administrator temp-admin."
  kms_key_id              = try(var.kms_key.arn, null)
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "admin" {
  count = var.bootstrap_admin ? 1 : 0

  secret_id                = aws_secretsmanager_secret.admin[0].id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.admin[0].random_password
  secret_string_wo_version = 1
}
