# The states of a stack on its way to the first login: each one applies and ends.

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

variables {
  hostname  = "login.example.org"
  zone_name = "example.org"
}

run "neither_image_nor_delegation" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  assert {
    condition     = output.service_name == "" && output.task_definition_arn == "" && length(aws_appautoscaling_target.keycloak) == 0
    error_message = "Without an image there must be neither task definition nor service."
  }

  assert {
    condition     = length(aws_route53_zone.keycloak) == 1 && length(aws_acm_certificate.keycloak) == 1 && toset(keys(aws_route53_record.validation)) == toset(["login.example.org"])
    error_message = "Zone, certificate and the records of its validation must be there."
  }

  assert {
    condition     = length(aws_acm_certificate_validation.keycloak) == 0 && length(aws_lb_listener.https) == 0
    error_message = "Nothing may wait for a validation that cannot come."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "fixed-response" && aws_lb_listener.http.default_action[0].fixed_response[0].status_code == "503"
    error_message = "Until the domain is delegated, port 80 must answer 503."
  }

  assert {
    condition     = length(local.delegation_steps) == 3 && length(local.image_steps) == 2 && length(local.admin_steps) == 0
    error_message = "The next steps must be the delegation and the first release."
  }
}

run "an_image_before_the_delegation" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag = "1.4.2"
  }

  assert {
    condition     = output.service_name == "" && output.task_definition_arn == ""
    error_message = "A service whose target group no listener uses is refused by ECS: there must be none."
  }

  assert {
    condition     = length(local.delegation_steps) == 3 && length(local.image_steps) == 0
    error_message = "The next step must be the delegation alone."
  }
}

run "a_delegation_before_the_image" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    domain_delegated = true
  }

  assert {
    condition     = length(aws_acm_certificate_validation.keycloak) == 1 && length(aws_lb_listener.https) == 1 && length(aws_lb_listener_rule.users) == 1
    error_message = "A delegated domain must have its certificate validated, and HTTPS."
  }

  assert {
    condition     = output.service_name == "" && length(local.delegation_steps) == 0 && length(local.image_steps) == 2
    error_message = "Without an image there must be no service."
  }
}

run "a_certificate_and_dns_elsewhere" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag   = "1.4.2"
    zone_name   = null
    certificate = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  }

  assert {
    condition     = output.service_name == "keycloak" && aws_lb_listener.https[0].certificate_arn == var.certificate.arn
    error_message = "A certificate that is brought must do without a delegation."
  }

  assert {
    condition     = length(aws_route53_zone.keycloak) + length(aws_route53_record.keycloak) + length(aws_acm_certificate.keycloak) == 0 && length(local.dns_steps) == 1
    error_message = "DNS elsewhere must be left alone, and the CNAME be a next step."
  }
}

run "a_certificate_and_a_zone_to_delegate" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    image_tag   = "1.4.2"
    certificate = { arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012" }
  }

  assert {
    condition     = output.service_name == "keycloak" && length(local.delegation_steps) == 3 && strcontains(local.delegation_steps[2], "the certificate is yours")
    error_message = "The zone is still to be delegated, and the next steps must say so."
  }
}

run "the_first_image_of_a_stack_whose_password_rotates" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    db_managed_rotation = true
  }

  assert {
    condition     = length(aws_iam_role.redeploy) == 1 && length(aws_iam_role.rotated) == 1 && length(aws_cloudwatch_event_rule.rotated) == 1
    error_message = "The roles and the rule must be there before the first image, whose job may not make them."
  }
}

run "a_zone_that_exists" {
  command = plan

  module {
    source = "../modules/keycloak"
  }

  variables {
    zone_name = null
    zone      = { id = "Z0123456789ABCDEFGHIJ" }
  }

  assert {
    condition     = length(aws_route53_zone.keycloak) == 0 && length(aws_lb_listener.https) == 1 && aws_route53_record.keycloak["login.example.org"].zone_id == "Z0123456789ABCDEFGHIJ"
    error_message = "A zone that exists must be used, and is delegated."
  }
}
