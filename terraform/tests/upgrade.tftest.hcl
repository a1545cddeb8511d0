# A stack that was made before resources moved keeps them: the same bucket and the same repository, under their new addresses.

# No account: nothing is asked of AWS. A plan of a new stack needs two answers, and they are given here.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_availability_zones.available
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

override_resource {
  target = aws_ecr_repository.keycloak
}

override_resource {
  target = aws_s3_bucket.ping
}

override_resource {
  target = aws_s3_bucket_public_access_block.ping
}

override_resource {
  target = aws_s3_bucket_ownership_controls.ping
}

variables {
  hostname        = "login.example.org"
  certificate     = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  bootstrap_admin = false
  database = {
    url             = "jdbc:postgresql://database.example.org:5432/keycloak?sslmode=verify-full"
    username        = "keycloak"
    password_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
    security_group  = null
  }
}

run "before" {
  state_key = "stack"

  module {
    source = "./fixtures/before"
  }

  override_resource {
    target = aws_ecr_repository.keycloak
    values = { arn = "arn:aws:ecr:eu-west-1:123456789012:repository/before" }
  }

  override_resource {
    target = aws_s3_bucket.ping
    values = { id = "keycloak-s3-ping-before" }
  }
}

run "after" {
  command   = plan
  state_key = "stack"

  plan_options {
    refresh = false
  }

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = aws_s3_bucket.ping[0].id == run.before.bucket && aws_ecr_repository.keycloak[0].arn == run.before.repository
    error_message = "Bucket and repository must be those from before."
  }
}
