# Inputs: which repository's workflows get the roles, and what the roles are for.

variable "name" {
  type        = string
  description = "Prefix of the roles' names, such as keycloak: keycloak-plan, keycloak-build, keycloak-deploy-production."
  default     = "keycloak"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 24
    error_message = "name is at most 24 lower-case letters, digits and single hyphens, such as keycloak."
  }
}

variable "repository" {
  type        = string
  description = "GitHub repository whose workflows get the roles, as owner/name, spelled as on GitHub."
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is owner/name, such as example/keycloak."
  }
}

variable "repository_id" {
  type        = string
  description = "Number of the repository, which a later repository of the same name does not have: gh api repos/<owner>/<name> --jq .id"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.repository_id))
    error_message = "repository_id is the repository's number, such as 123456789: gh api repos/<owner>/<name> --jq .id"
  }
}

variable "owner_id" {
  type        = string
  description = "Number of the repository's owner: gh api repos/<owner>/<name> --jq .owner.id"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.owner_id))
    error_message = "owner_id is the owner's number, such as 12345678: gh api repos/<owner>/<name> --jq .owner.id"
  }
}

variable "legacy_subject" {
  type        = bool
  description = "Whether tokens with the old form of sub (repo:owner/name:…) are trusted too. True for a repository whose tokens still have it; aws-login prints the sub of a token that was refused."
  default     = false
  nullable    = false
}

variable "ref" {
  type        = string
  description = "Branch whose workflows build, deploy and apply."
  default     = "refs/heads/main"
  nullable    = false

  validation {
    condition     = can(regex("^refs/heads/[A-Za-z0-9._/-]+$", var.ref))
    error_message = "ref is a branch in full, such as refs/heads/main."
  }
}

variable "environments" {
  type        = map(string)
  description = "GitHub environments that deploy, each with the name of its stack (the module keycloak's input name). The infrastructure role belongs to the GitHub environment <environment>-infrastructure, which has reviewers."
  default     = { production = "keycloak" }
  nullable    = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for environment, stack in var.environments : can(regex("^[a-z0-9][a-z0-9-]{0,19}$", environment)) && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", stack)) && length(stack) >= 3 && length(stack) <= 24 && !startswith(stack, "internal-") && !startswith(stack, "sg-")])
    error_message = "environments maps GitHub environments (at most 20 lower-case letters, digits and hyphens) to names of stacks (3 to 24, as the module keycloak's input name), such as { production = \"keycloak\", staging = \"keycloak-staging\" }."
  }

  validation {
    condition     = alltrue([for environment in keys(var.environments) : environment != "bootstrap" && !endswith(environment, "-infrastructure")])
    error_message = "environments names bootstrap, whose state is that of the roles themselves, or ends with -infrastructure, which is what the environments of full applies are called."
  }

  validation {
    condition     = length(distinct(values(var.environments))) == length(var.environments)
    error_message = "environments gives two environments the same stack: a role could then deploy what is not its own."
  }
}

variable "image_repository" {
  type        = string
  description = "Name of the image repository in ECR."
  default     = "keycloak"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.image_repository))
    error_message = "image_repository is the name of an ECR repository, such as keycloak, without registry and tag."
  }
}

variable "state_bucket" {
  type        = string
  description = "Bucket of the Terraform states. The key of an environment is keycloak/<environment>.tfstate."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket is the name of an S3 bucket."
  }
}

variable "job_workflow_refs" {
  type        = map(list(string))
  description = "For each kind of role the reusable workflows that may assume it, as owner/name/.github/workflows/file.yml@ref with * and ?. Empty: any workflow of the repository."
  default     = {}
  nullable    = false

  # An object would drop a name that it does not know, and leave the role that was meant open.
  validation {
    condition     = alltrue([for kind in keys(var.job_workflow_refs) : contains(["plan", "build", "deploy", "infrastructure"], kind)])
    error_message = "job_workflow_refs has kinds of roles as its keys: plan, build, deploy, infrastructure."
  }

  validation {
    condition     = alltrue([for pattern in flatten(values(var.job_workflow_refs)) : can(regex("^[^/@]+/[^/@]+/[.]github/workflows/[^/@]+@.+$", pattern)) && !can(regex("^[^@]*[*?]", pattern))])
    error_message = "job_workflow_refs lists owner/name/.github/workflows/file.yml@ref; * and ? stand behind the @ only, such as …/deploy.yml@refs/tags/v1.*, or a commit."
  }
}

variable "more_claims" {
  type        = map(string)
  description = "More claims that a token must have, such as { runner_environment = \"github-hosted\" }. IAM refuses every token if it does not know the claim: try it on one role first."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for claim in keys(var.more_claims) : can(regex("^[a-z_]+$", claim)) && !contains(["aud", "sub", "repository_id", "environment", "ref", "job_workflow_ref"], claim)])
    error_message = "more_claims maps names of claims to values; aud, sub, repository_id, environment, ref and job_workflow_ref have inputs of their own."
  }
}

variable "oidc_provider" {
  type = object({
    arn = string
  })
  description = "The account's OIDC provider for GitHub if it is there already: an account has one for each issuer. Null makes it."
  default     = null

  validation {
    condition     = var.oidc_provider == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider.arn))
    error_message = "oidc_provider.arn is the ARN of an OIDC provider, such as arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com."
  }

  validation {
    condition     = var.oidc_provider == null || try(split(":", var.oidc_provider.arn)[4] == local.account_id && endswith(var.oidc_provider.arn, ":oidc-provider/${var.issuer}"), false)
    error_message = "oidc_provider is not the one of account ${local.account_id} for ${var.issuer}: no job could get a role through it."
  }
}

variable "issuer" {
  type        = string
  description = "Issuer of the tokens, without https://. Another one only on GitHub Enterprise."
  default     = "token.actions.githubusercontent.com"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+(/[A-Za-z0-9._-]+)*$", var.issuer))
    error_message = "issuer is a host, perhaps with a path, and without https://, such as token.actions.githubusercontent.com."
  }
}

variable "kms_key" {
  type = object({
    arn = string
  })
  description = "The key that the stacks use, if it is yours (the module keycloak's input kms_key)."
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key.arn))
    error_message = "kms_key.arn is the ARN of a KMS key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }
}

variable "secrets" {
  type        = list(string)
  description = "Secrets and parameters that stacks are given (the module keycloak's inputs secrets and database), as ARNs with * where they vary, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-*. Those that start with a stack's name need no mention."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets : can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@*?-]+$", arn))])
    error_message = "secrets lists ARNs of Secrets Manager secrets or Parameter Store parameters, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-*."
  }
}
