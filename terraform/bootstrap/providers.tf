# Where the bucket for states is, and which tags everything has.

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = {
      Application = "keycloak"
      ManagedBy   = "terraform"
    }
  }
}
