# A root for the tests alone: `terraform init` takes no folder without one.

terraform {
  required_version = ">= 1.11"
}
