# The load balancer: TLS ends here, port 80 only sends users to 443.
# While there is no certificate, port 80 answers 503, so that an apply ends and people see that something is to be done.
# Which paths pass, and for whom, is in alb_rules.tf.

resource "aws_lb" "keycloak" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = local.public_subnet_ids
  security_groups            = [aws_security_group.alb.id]
  enable_deletion_protection = var.deletion_protection

  # A header that is no header may mean one thing to the load balancer and another to Keycloak.
  drop_invalid_header_fields = true

  access_logs {
    bucket  = aws_s3_bucket.access_logs.id
    enabled = true
  }

  # It is refused in a VPC that has no way to the internet yet.
  depends_on = [aws_s3_bucket_policy.access_logs, aws_route.internet, aws_route_table_association.public]
}

resource "aws_lb_target_group" "keycloak" {
  name_prefix = "kc-"
  vpc_id      = local.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = 8080

  deregistration_delay = var.deregistration_delay_seconds

  # Ready means that the database answers. It must not be the database's failover of one or two minutes that replaces every node:
  # ten failures at 15 seconds are 150. A node that is dead leaves by its exit, not by this check.
  health_check {
    protocol            = "HTTP"
    port                = "9000"
    path                = "${var.relative_path}/health/ready"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 10
  }

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.keycloak.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = local.has_https ? "redirect" : "fixed-response"

    dynamic "redirect" {
      for_each = local.has_https ? ["443"] : []

      content {
        protocol    = "HTTPS"
        port        = redirect.value
        status_code = "HTTP_301"
      }
    }

    dynamic "fixed_response" {
      for_each = local.has_https ? [] : ["503"]

      content {
        status_code  = fixed_response.value
        content_type = "text/plain"
        message_body = "Not yet: this domain is to be delegated first."
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = local.has_https ? 1 : 0

  load_balancer_arn = aws_lb.keycloak.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = local.make_certificate ? aws_acm_certificate_validation.keycloak[0].certificate_arn : var.certificate.arn

  # TLS 1.3, and 1.2 with forward secrecy and authenticated encryption only.
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "text/plain"
      message_body = "Not found."
    }
  }
}
