# The image repository, unless one is brought.
# A tag is written once: what ran under 1.4.2 yesterday is what runs under 1.4.2 tomorrow.
# Only images without a tag are ever removed. An age or a count would one day take the image that runs, or the last good one: ECR does not know which they are.

locals {
  # arn:aws:ecr:<region>:<account>:repository/<name>
  brought_repository = try(split(":", var.repository.arn), null)

  repository_arn = local.make_repository ? aws_ecr_repository.keycloak[0].arn : var.repository.arn
  repository_url = local.make_repository ? aws_ecr_repository.keycloak[0].repository_url : format(
    "%s.dkr.ecr.%s.%s/%s", local.brought_repository[4], local.brought_repository[3], data.aws_partition.current.dns_suffix, trimprefix(local.brought_repository[5], "repository/")
  )
}

resource "aws_ecr_repository" "keycloak" {
  count = local.make_repository ? 1 : 0

  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }
}

# An image of several architectures is a list of images without tags: ECR keeps those for as long as the list is there.
resource "aws_ecr_lifecycle_policy" "keycloak" {
  count = local.make_repository ? 1 : 0

  repository = aws_ecr_repository.keycloak[0].name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Forget pushes that never got a tag"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}
