# What to do after an apply, in the order in which it is done. Each step is there while it is to be done.

locals {
  delegation_steps = !local.make_zone || var.domain_delegated ? [] : [
    "Delegate ${coalesce(var.zone_name, var.hostname)}: make these NS records for it in its parent zone.",
    join("\n", [for server in local.make_zone ? aws_route53_zone.keycloak[0].name_servers : [] : "     ${coalesce(var.zone_name, var.hostname)}. NS ${server}."]),
    local.make_certificate ? "Then set domain_delegated = true and apply again, within 72 hours: the certificate is validated, and HTTPS is added." : "Then set domain_delegated = true, and this step is gone: only the names wait for it, since the certificate is yours.",
  ]

  dns_steps = local.has_zone ? [] : [
    "DNS is elsewhere: make ${join(" and ", local.hostnames)} a CNAME of ${aws_lb.keycloak.dns_name}.",
  ]

  image_steps = local.has_image ? [] : [
    "There is no service yet, since image_tag is empty. Push a change under docker/ to main: the release workflow builds the image, pushes it to ${local.repository_url}, and opens a pull request with its tag.",
    "Merge that pull request: the deploy workflow then makes the service.",
  ]

  admin_steps = !local.has_service ? [] : concat(
    length(var.admin_cidrs) > 0 ? [] : ["Nobody reaches the administration console: name the ranges of your administrators in admin_cidrs."],
    !var.bootstrap_admin ? [] : [
      "Log in at ${local.admin_url}/admin/ as temp-admin; the password is in the secret ${aws_secretsmanager_secret.admin[0].arn}. Make a real administrator, delete temp-admin, and set bootstrap_admin = false.",
    ],
  )

  state = local.has_service ? "${local.image} is the image of the service ${var.name}, at ${local.url}." : "The stack ${var.name} is there, without a service."
  steps = concat(local.delegation_steps, local.dns_steps, local.image_steps, local.admin_steps)

  next_steps = join("\n", concat(
    [local.state],
    [for step in local.steps : startswith(step, " ") ? step : "- ${step}"],
    local.egress_limits == "" ? [] : [local.egress_limits],
  ))
}
