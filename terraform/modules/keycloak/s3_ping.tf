# The list of peers: JGroups S3_PING writes one object for each coordinator, and every node reads it.
# The bucket serves nothing else, since a node must list it without a condition on the prefix.
# No lifecycle rule expires objects: a quiet cluster's list is old and still true. No condition on a VPC endpoint: check-cluster reads it from outside.

locals {
  s3_ping_prefix = var.name
}

resource "aws_s3_bucket" "ping" {
  count = local.uses_s3_ping ? 1 : 0

  bucket_prefix = "${var.name}-s3-ping-"

  # It holds addresses of running nodes only, which the nodes write again.
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "ping" {
  count = local.uses_s3_ping ? 1 : 0

  bucket                  = aws_s3_bucket.ping[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "ping" {
  count = local.uses_s3_ping ? 1 : 0

  bucket = aws_s3_bucket.ping[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "ping" {
  count = local.uses_s3_ping ? 1 : 0

  bucket = aws_s3_bucket.ping[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "ping_bucket" {
  count = local.uses_s3_ping ? 1 : 0

  statement {
    sid       = "OverTlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.ping[0].arn, "${aws_s3_bucket.ping[0].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "ping" {
  count = local.uses_s3_ping ? 1 : 0

  bucket = aws_s3_bucket.ping[0].id
  policy = data.aws_iam_policy_document.ping_bucket[0].json

  depends_on = [aws_s3_bucket_public_access_block.ping]
}
