//! The AWS account, as a first `terraform apply` and an administrator leave it: no image yet, no service.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::consumer::{ENVIRONMENT, REPOSITORY};
use crate::World;

/// Name of the cluster, the service, the image repository.
pub const NAME: &str = "keycloak";
/// Bucket of the peer list.
pub const BUCKET: &str = "keycloak-s3-ping-rehearsal";
/// Log group of the tasks.
pub const LOG_GROUP: &str = "/ecs/keycloak";
/// Role of the release workflow.
pub const RELEASE: &str = "keycloak-release";
/// Role of the deploy workflow.
pub const DEPLOY: &str = "keycloak-deploy";
/// Role that a node runs with.
const TASK: &str = "keycloak-task";
/// Role that starts tasks.
const EXECUTION: &str = "keycloak-execution";

const ISSUER: &str = "token.actions.githubusercontent.com";

/// Makes everything but the service; the file that tells the stand-in for terraform of it.
///
/// `trusted` is the environment whose jobs may deploy.
pub fn create(
    world: &World,
    repository_id: u64,
    owner_id: u64,
    trusted: &str,
    folder: &Path,
) -> std::io::Result<PathBuf> {
    let subject = |context: &str| {
        let (owner, name) = REPOSITORY.split_once('/').unwrap_or((REPOSITORY, ""));
        format!("repo:{owner}@{owner_id}/{name}@{repository_id}:{context}")
    };
    world.iam.put_role(
        RELEASE,
        trust(world, &subject("ref:refs/heads/main")),
        release_policy(world),
    );
    world.iam.put_role(
        DEPLOY,
        trust(world, &subject(&format!("environment:{trusted}"))),
        deploy_policy(world),
    );
    world.iam.put_role(TASK, tasks_only(), task_policy());
    world
        .iam
        .put_role(EXECUTION, tasks_only(), execution_policy(world));
    world.ecr.create_repository(NAME, true);
    world.s3.create_bucket(BUCKET);
    world.ecs.create_cluster(NAME);
    let registry = world.urls.registry.trim_start_matches("http://");
    let stack = json!({
        "aws_region": world.settings.region,
        "ecr_repository_url": format!("{registry}/{NAME}"),
        "cluster_name": NAME,
        "service_name": NAME,
        "s3_ping_bucket": BUCKET,
        "s3_ping_prefix": NAME,
        "log_group": LOG_GROUP,
        "task_role_arn": role(world, TASK),
        "execution_role_arn": role(world, EXECUTION),
    });
    let file = folder.join("stack.json");
    std::fs::write(&file, stack.to_string())?;
    Ok(file)
}

/// ARN of a role of the account.
pub fn role(world: &World, name: &str) -> String {
    format!("arn:aws:iam::{}:role/{name}", world.settings.account)
}

fn trust(world: &World, sub: &str) -> Value {
    let provider = format!(
        "arn:aws:iam::{}:oidc-provider/{ISSUER}",
        world.settings.account
    );
    json!({"Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": {"StringEquals": {
            format!("{ISSUER}:aud"): "sts.amazonaws.com",
            format!("{ISSUER}:sub"): sub,
        }},
    }]})
}

fn tasks_only() -> Value {
    json!({"Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    }]})
}

fn allow(statements: &[(&[&str], &[String])]) -> Value {
    let statements: Vec<Value> = statements
        .iter()
        .map(|(actions, resources)| json!({"Effect": "Allow", "Action": actions, "Resource": resources}))
        .collect();
    json!({"Statement": statements})
}

fn arn(world: &World, service: &str, resource: &str) -> String {
    let (region, account) = (&world.settings.region, &world.settings.account);
    format!("arn:aws:{service}:{region}:{account}:{resource}")
}

fn release_policy(world: &World) -> Value {
    let everything = ["*".to_owned()];
    let repository = [arn(world, "ecr", &format!("repository/{NAME}"))];
    allow(&[
        (&["ecr:GetAuthorizationToken"], &everything),
        (
            &[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:ListImages",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            &repository,
        ),
    ])
}

fn deploy_policy(world: &World) -> Value {
    let ecs = |resource: String| arn(world, "ecs", &resource);
    let everything = ["*".to_owned()];
    allow(&[
        (
            &["ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition"],
            &everything,
        ),
        (
            &[
                "ecs:CreateService",
                "ecs:UpdateService",
                "ecs:DescribeServices",
            ],
            &[ecs(format!("service/{NAME}/{NAME}"))],
        ),
        (&["ecs:DescribeClusters", "ecs:ListServices"], &everything),
        (
            &[
                "ecs:ListServiceDeployments",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:StopServiceDeployment",
            ],
            &[
                ecs(format!("service/{NAME}/{NAME}")),
                ecs(format!("service-deployment/{NAME}/{NAME}/*")),
                ecs(format!("service-revision/{NAME}/{NAME}/*")),
            ],
        ),
        (
            &["ecs:ListTasks", "ecs:DescribeTasks"],
            &[
                ecs(format!("cluster/{NAME}")),
                ecs(format!("container-instance/{NAME}/*")),
                ecs(format!("task/{NAME}/*")),
            ],
        ),
        (
            &["iam:PassRole"],
            &[role(world, TASK), role(world, EXECUTION)],
        ),
        (
            &[
                "logs:GetLogEvents",
                "logs:FilterLogEvents",
                "logs:DescribeLogStreams",
            ],
            &[
                arn(world, "logs", &format!("log-group:{LOG_GROUP}")),
                arn(world, "logs", &format!("log-group:{LOG_GROUP}:*")),
            ],
        ),
        (&["s3:ListBucket"], &[format!("arn:aws:s3:::{BUCKET}")]),
        (
            &["s3:GetObject"],
            &[format!("arn:aws:s3:::{BUCKET}/{NAME}/*")],
        ),
        (
            &["ecr:BatchGetImage", "ecr:DescribeImages"],
            &[arn(world, "ecr", &format!("repository/{NAME}"))],
        ),
    ])
}

fn task_policy() -> Value {
    allow(&[
        (&["s3:ListBucket"], &[format!("arn:aws:s3:::{BUCKET}")]),
        (
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            &[format!("arn:aws:s3:::{BUCKET}/{NAME}/*")],
        ),
    ])
}

fn execution_policy(world: &World) -> Value {
    allow(&[
        (&["ecr:GetAuthorizationToken"], &["*".to_owned()]),
        (
            &[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            &[arn(world, "ecr", &format!("repository/{NAME}"))],
        ),
        (
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            &[arn(world, "logs", &format!("log-group:{LOG_GROUP}:*"))],
        ),
    ])
}

/// Sets the variables that the callers of `workflows/` want: of the repository, and of its environment.
pub fn set_variables(world: &World) {
    let region = ("AWS_REGION".to_owned(), world.settings.region.clone());
    let variable = |name| ("AWS_ROLE_TO_ASSUME".to_owned(), role(world, name));
    world.github.configure(REPOSITORY, |options| {
        options.variables = [region, variable(RELEASE)].into();
        let environment = options
            .environments
            .entry(ENVIRONMENT.to_owned())
            .or_default();
        environment.variables = [variable(DEPLOY)].into();
    });
}
