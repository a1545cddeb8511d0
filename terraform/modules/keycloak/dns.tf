# Names and the certificate. Three ways: make a zone (and delegate it once), use a zone, or bring the certificate and keep DNS elsewhere.
# The validation waits for the certificate, and that waits for the delegation: so it comes only when domain_delegated says so, and no apply hangs.
# ACM looks for the records for 72 hours after the request. A zone delegated later takes: terraform apply -replace=…aws_acm_certificate.keycloak[0].

locals {
  hostnames = toset(compact([var.hostname, var.admin_hostname]))
  zone_id   = local.make_zone ? aws_route53_zone.keycloak[0].zone_id : try(var.zone.id, null)
}

resource "aws_route53_zone" "keycloak" {
  count = local.make_zone ? 1 : 0

  name    = var.zone_name
  comment = "Made by Terraform for ${var.name}"
}

resource "aws_route53_record" "keycloak" {
  for_each = local.has_zone ? local.hostnames : toset([])

  zone_id = local.zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = aws_lb.keycloak.dns_name
    zone_id                = aws_lb.keycloak.zone_id
    evaluate_target_health = false
  }
}

resource "aws_acm_certificate" "keycloak" {
  count = local.make_certificate ? 1 : 0

  domain_name               = var.hostname
  subject_alternative_names = compact([var.admin_hostname])
  validation_method         = "DNS"

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.make_certificate ? local.hostnames : toset([])

  zone_id         = local.zone_id
  name            = one([for option in aws_acm_certificate.keycloak[0].domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.keycloak[0].domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [for option in aws_acm_certificate.keycloak[0].domain_validation_options : option.resource_record_value if option.domain_name == each.key]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "keycloak" {
  count = local.make_certificate && local.has_https ? 1 : 0

  certificate_arn         = aws_acm_certificate.keycloak[0].arn
  validation_record_fqdns = values(aws_route53_record.validation)[*].fqdn
}
