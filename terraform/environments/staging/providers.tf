# Where the stack is, and which tags everything in it has.

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = {
      Application = "keycloak"
      Environment = "staging"
      ManagedBy   = "terraform"
    }
  }
}
