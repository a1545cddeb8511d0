# The role build: push images to one repository, from the branch alone. It reads no state and knows no cluster.

data "aws_iam_policy_document" "build" {
  # Logging in to ECR takes no resource, hence the star.
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  # The images that are there are looked at: for the next tag, and for an image that was pushed before.
  statement {
    sid       = "LookAtTheImages"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"]
    resources = [local.repository_arn]
  }

  # Layers and the image are pushed. A tag that is there stays as it is, since the repository's tags are immutable.
  statement {
    sid       = "PushTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
    resources = [local.repository_arn]
  }
}

locals {
  repository_arn = "arn:${local.partition}:ecr:${local.region}:${local.account_id}:repository/${var.image_repository}"
}
