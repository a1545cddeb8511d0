# The list of peers: JGroups S3_PING writes one object for each coordinator, and every node reads it.
# The bucket serves nothing else, since a node must list it without a condition on the prefix.
# No lifecycle rule expires objects: a quiet cluster's list is old and still true.

locals {
  s3_ping_prefix = var.name
}

resource "aws_s3_bucket" "ping" {
  bucket_prefix = "${var.name}-s3-ping-"

  # It holds addresses of running nodes only, which the nodes write again.
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "ping" {
  bucket                  = aws_s3_bucket.ping.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "ping" {
  bucket = aws_s3_bucket.ping.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}
