# Values of this environment. terraform.tfvars holds them, except the image: image.auto.tfvars holds that alone.

variable "aws_region" {
  type        = string
  description = "Region of the stack, such as eu-west-1."
  nullable    = false
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the tasks run."
  nullable    = false
}

variable "subnet_ids" {
  type        = list(string)
  description = "Subnets of the tasks, in at least two availability zones."
  nullable    = false
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

variable "keycloak_environment" {
  type        = map(string)
  description = "Keycloak's run-time options, such as KC_HOSTNAME and KC_DB_URL."
  default     = {}
  nullable    = false
}

variable "keycloak_secrets" {
  type        = map(string)
  description = "Keycloak's secret options, such as KC_DB_PASSWORD: name to the ARN in Secrets Manager or Parameter Store."
  default     = {}
  nullable    = false
}
