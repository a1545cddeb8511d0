# Keycloak in production. A second environment is a copy of this folder with another backend key and other values.

module "keycloak" {
  source = "../../modules/keycloak"

  vpc_id       = var.vpc_id
  subnet_ids   = var.subnet_ids
  image_tag    = var.keycloak_image_tag
  image_digest = var.keycloak_image_digest
  environment  = var.keycloak_environment
  secrets      = var.keycloak_secrets
}
