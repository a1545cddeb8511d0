# Keycloak in production. What is the same for every team that copies this folder is here; what is its own is in terraform.tfvars.
# How production differs from staging is the difference of the two files called main.tf.

module "keycloak" {
  source = "../../modules/keycloak"

  name         = "keycloak"
  image_tag    = var.keycloak_image_tag
  image_digest = var.keycloak_image_digest
  repository   = var.repository
  environment  = var.keycloak_environment
  secrets      = var.keycloak_secrets

  hostname         = var.hostname
  admin_hostname   = var.admin_hostname
  admin_cidrs      = var.admin_cidrs
  zone_name        = var.zone_name
  zone             = var.zone
  certificate      = var.certificate
  domain_delegated = var.domain_delegated

  vpc        = var.vpc
  database   = var.database
  zone_count = 3
  egress     = "nat"

  min_nodes = 2
  max_nodes = 6
  cpu       = 2048
  memory    = 4096

  cpu_architecture = "X86_64"

  db_instance_class        = "db.t4g.medium"
  db_multi_az              = true
  db_backup_retention_days = 35
  db_final_snapshot        = true
  db_password_version      = var.db_password_version

  cluster_discovery    = var.cluster_discovery
  bootstrap_admin      = var.bootstrap_admin
  container_insights   = "enabled"
  log_retention_days   = 365
  alarm_topics         = var.alarm_topics
  permissions_boundary = var.permissions_boundary
  kms_key              = var.kms_key
  deletion_protection  = var.deletion_protection
}
