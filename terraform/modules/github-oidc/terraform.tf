# What this module needs of Terraform and of the AWS provider.
# A lower bound only: the root that calls the module sets the upper one.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.13"
    }
  }
}
