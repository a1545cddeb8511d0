# Addresses of resources that have moved. Kept until the next major version.

moved {
  from = aws_ecr_repository.keycloak
  to   = aws_ecr_repository.keycloak[0]
}

moved {
  from = aws_s3_bucket.ping
  to   = aws_s3_bucket.ping[0]
}

moved {
  from = aws_s3_bucket_public_access_block.ping
  to   = aws_s3_bucket_public_access_block.ping[0]
}

moved {
  from = aws_s3_bucket_ownership_controls.ping
  to   = aws_s3_bucket_ownership_controls.ping[0]
}
