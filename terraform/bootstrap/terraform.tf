# Versions. The state of this root is in a file at first: the bucket for states is what it makes.
# After the first apply, write the name of the bucket into the backend below, take away its comment marks, and run: terraform init -migrate-state

terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.13"
    }
  }

  # backend "s3" {
  #   bucket       = "<the output state_bucket>"
  #   region       = "<the value of aws_region>"
  #   key          = "keycloak/bootstrap.tfstate"
  #   use_lockfile = true
  # }
}
