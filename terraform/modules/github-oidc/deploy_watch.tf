# What deploy-service and check-cluster call: looking at the service, its deployments, tasks and log, and stopping a deployment.
# A test holds that their tests use all of this, and nothing that is not allowed here or in deploy.tf (tests/it/policies.rs).

data "aws_iam_policy_document" "deploy_watch" {
  for_each = local.stacks

  # deploy-service and check-cluster look at the service.
  statement {
    sid       = "LookAtTheService"
    actions   = ["ecs:DescribeServices"]
    resources = [each.value.service]
  }

  # deploy-service follows a deployment and the revision that it puts out.
  statement {
    sid     = "FollowTheDeployment"
    actions = ["ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:ListServiceDeployments"]
    resources = [
      each.value.service,
      "${each.value.ecs}:service-deployment/${each.value.name}/${each.value.name}/*",
      "${each.value.ecs}:service-revision/${each.value.name}/${each.value.name}/*",
    ]
  }

  # deploy-service stops a deployment when it is told to roll back.
  statement {
    sid       = "StopTheDeployment"
    actions   = ["ecs:StopServiceDeployment"]
    resources = ["${each.value.ecs}:service-deployment/${each.value.name}/${each.value.name}/*"]
  }

  # deploy-service looks whether the image is there, and built for the tasks' machine.
  statement {
    sid       = "LookAtTheImage"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.repository_arn]
  }

  # Logging in to ECR for that takes no resource, hence the star.
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  # Both look at the tasks of this cluster: why one stopped, and which addresses they have.
  statement {
    sid       = "LookAtTheTasks"
    actions   = ["ecs:DescribeTasks", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["${each.value.ecs}:cluster/${each.value.name}"]
    }
  }

  # Both read the tasks' log: its last lines when a task fails, and the cluster's views.
  statement {
    sid       = "ReadTheLog"
    actions   = ["logs:FilterLogEvents", "logs:GetLogEvents"]
    resources = ["${each.value.log_group}:*"]
  }

  # check-cluster reads the list of peers, and cannot write it.
  statement {
    sid       = "ReadThePeerList"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [each.value.ping, "${each.value.ping}/${each.value.name}/*"]
  }
}

data "aws_iam_policy_document" "deploy" {
  for_each = local.stacks

  source_policy_documents = [
    data.aws_iam_policy_document.state[each.key].json,
    data.aws_iam_policy_document.lookups.json,
    data.aws_iam_policy_document.deploy_terraform[each.key].json,
    data.aws_iam_policy_document.deploy_watch[each.key].json,
  ]
}
