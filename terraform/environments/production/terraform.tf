# Versions, and where the state is.

terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.13"
    }
  }

  # Add the lines `bucket = "…"` and `region = "…"`, the output backend of bootstrap/. The bucket must exist first; README.md says how it is made.
  backend "s3" {
    key          = "keycloak/production.tfstate"
    use_lockfile = true
  }
}
