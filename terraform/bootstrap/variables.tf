# Values of this account and repository. The module github-oidc checks them and says what is right.

variable "aws_region" {
  type        = string
  description = "Region of the bucket for states and of the stacks, such as eu-west-1."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]{2,4})*-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[0-9]$", var.aws_region))
    error_message = "aws_region is the code of an AWS region, such as eu-west-1."
  }
}

variable "name" {
  type        = string
  description = "Prefix of the roles' names and of the bucket."
  default     = "keycloak"
  nullable    = false
}

variable "repository" {
  type        = string
  description = "GitHub repository, as owner/name, spelled as on GitHub."
  nullable    = false
}

variable "repository_id" {
  type        = string
  description = "Number of the repository: gh api repos/<owner>/<name> --jq .id"
  nullable    = false
}

variable "owner_id" {
  type        = string
  description = "Number of the repository's owner: gh api repos/<owner>/<name> --jq .owner.id"
  nullable    = false
}

variable "legacy_subject" {
  type        = bool
  description = "Whether tokens with the old form of sub are trusted too."
  default     = false
  nullable    = false
}

variable "environments" {
  type        = map(string)
  description = "GitHub environments that deploy, each with the name of its stack."
  default     = { production = "keycloak", staging = "keycloak-staging" }
  nullable    = false
}

variable "image_repository" {
  type        = string
  description = "Name of the image repository in ECR."
  default     = "keycloak"
  nullable    = false
}

variable "job_workflow_refs" {
  type        = map(list(string))
  description = "For each kind of role the reusable workflows that may assume it."
  default     = {}
  nullable    = false
}

variable "more_claims" {
  type        = map(string)
  description = "More claims that a token must have."
  default     = {}
  nullable    = false
}

variable "oidc_provider" {
  type        = object({ arn = string })
  description = "The account's OIDC provider for GitHub if it is there already."
  default     = null
}

variable "kms_key" {
  type        = object({ arn = string })
  description = "The KMS key that the stacks use, if it is yours."
  default     = null
}

variable "secrets" {
  type        = list(string)
  description = "Secrets and parameters that stacks are given and that do not start with a stack's name: ARNs, with * where they vary."
  default     = []
  nullable    = false
}
