# Keycloak in staging: two nodes, so that what only a cluster does is seen here first, and everything else as cheap as it goes.
# How production differs is the difference of the two files called main.tf.

module "keycloak" {
  source = "../../modules/keycloak"

  name         = "keycloak-staging"
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

  vpc                = var.vpc
  database           = var.database
  zone_count         = 2
  egress             = "nat"
  single_nat_gateway = true

  min_nodes = 2
  max_nodes = 2
  cpu       = 1024
  memory    = 2048

  cpu_architecture = "X86_64"

  db_instance_class        = "db.t4g.micro"
  db_multi_az              = false
  db_backup_retention_days = 3
  db_final_snapshot        = false
  db_password_version      = var.db_password_version

  cluster_discovery    = var.cluster_discovery
  bootstrap_admin      = var.bootstrap_admin
  container_insights   = "disabled"
  log_retention_days   = 30
  alarm_topics         = var.alarm_topics
  permissions_boundary = var.permissions_boundary
  kms_key              = var.kms_key
  deletion_protection  = var.deletion_protection
}
