# What passes the load balancer; everything else is answered 404 by the listener.
# Users: /realms/ except the master realm, /resources/ and /.well-known/. Administrators, by their addresses: the rest.
# The console sends its users to /realms/master under the users' name to log in, also when it has a name of its own: so administrators pass there too.
# Other spellings of these paths (%6Daster, //, ..;) do not get around the rules: Keycloak 26.7.5 answers 400 to each (ran). A rule takes five values.

locals {
  admin_ranges = { for index, cidrs in chunklist(var.admin_cidrs, 2) : index => cidrs }

  user_paths   = [for path in ["/realms/*", "/resources/*", "/.well-known/*"] : "${var.relative_path}${path}"]
  master_paths = [for path in ["/realms/master", "/realms/master/*"] : "${var.relative_path}${path}"]
  admin_paths  = [for path in concat(["/realms/master/*"], var.admin_hostname == null ? ["/admin/*"] : []) : "${var.relative_path}${path}"]
}

resource "aws_lb_listener_rule" "refuse_forwarded_for" {
  count = local.has_https && var.refuse_forwarded_for ? 1 : 0

  listener_arn = aws_lb_listener.https[0].arn
  priority     = 10

  condition {
    http_header {
      http_header_name = "X-Forwarded-For"
      values           = ["*"]
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      status_code  = "400"
      content_type = "text/plain"
      message_body = "X-Forwarded-For is not accepted here."
    }
  }

  tags = { Name = "${var.name}-refuse-forwarded-for" }
}

resource "aws_lb_listener_rule" "admin_hostname" {
  for_each = local.has_https && var.admin_hostname != null ? local.admin_ranges : {}

  listener_arn = aws_lb_listener.https[0].arn
  priority     = 100 + each.key

  condition {
    host_header {
      values = [var.admin_hostname]
    }
  }

  condition {
    source_ip {
      values = each.value
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.keycloak.arn
  }

  tags = { Name = "${var.name}-admin-hostname-${each.key}" }
}

resource "aws_lb_listener_rule" "admin_paths" {
  for_each = local.has_https ? local.admin_ranges : {}

  listener_arn = aws_lb_listener.https[0].arn
  priority     = 200 + each.key

  condition {
    host_header {
      values = [var.hostname]
    }
  }

  condition {
    path_pattern {
      values = local.admin_paths
    }
  }

  condition {
    source_ip {
      values = each.value
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.keycloak.arn
  }

  tags = { Name = "${var.name}-admin-paths-${each.key}" }
}

resource "aws_lb_listener_rule" "no_master_realm" {
  count = local.has_https ? 1 : 0

  listener_arn = aws_lb_listener.https[0].arn
  priority     = 300

  condition {
    host_header {
      values = [var.hostname]
    }
  }

  condition {
    path_pattern {
      values = local.master_paths
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "text/plain"
      message_body = "Not found."
    }
  }

  tags = { Name = "${var.name}-no-master-realm" }
}

resource "aws_lb_listener_rule" "users" {
  count = local.has_https ? 1 : 0

  listener_arn = aws_lb_listener.https[0].arn
  priority     = 400

  condition {
    host_header {
      values = [var.hostname]
    }
  }

  condition {
    path_pattern {
      values = local.user_paths
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.keycloak.arn
  }

  tags = { Name = "${var.name}-users" }
}
