# The image repository.
# A tag is written once: what ran under 1.4.2 yesterday is what runs under 1.4.2 tomorrow.
# The release workflow pushes here; the tasks pull from here.

resource "aws_ecr_repository" "keycloak" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}
