//! The AWS account, as a first `terraform apply` and an administrator leave it: no image yet, no service.
//!
//! The roles of the workflows have the policies that `terraform/modules/github-oidc` makes, as `terraform/tests/policies`
//! holds them, with the names of this account.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::consumer::{ENVIRONMENT, REPOSITORY, Repository};
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
const TASK: &str = "keycloak-task-rehearsal";
/// Role that starts tasks.
const EXECUTION: &str = "keycloak-execution-rehearsal";

/// Makes everything but the service; the file that tells the stand-in for terraform of it.
///
/// `trusted` is the environment whose jobs may deploy.
pub fn create(
    world: &World,
    repository: &Repository,
    trusted: &str,
    product: &Path,
    folder: &Path,
) -> std::io::Result<PathBuf> {
    let policies = Policies {
        folder: product.join("terraform/tests/policies"),
        world,
        repository,
        trusted,
    };
    for (role, policy) in [(RELEASE, "build"), (DEPLOY, "deploy-production")] {
        let trust = policies.read(&format!("{policy}-trust"))?;
        world.iam.put_role(role, trust, policies.read(policy)?);
    }
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

/// The policies of the module's example, for this account and this repository.
struct Policies<'a> {
    folder: PathBuf,
    world: &'a World,
    repository: &'a Repository,
    trusted: &'a str,
}

impl Policies<'_> {
    fn read(&self, name: &str) -> std::io::Result<Value> {
        let file = self.folder.join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file)
            .map_err(|error| std::io::Error::other(format!("{}: {error}", file.display())))?;
        let Repository { id, owner_id } = self.repository;
        let (owner, name) = REPOSITORY.split_once('/').unwrap_or((REPOSITORY, ""));
        let text = text
            .replace("eu-west-1", &self.world.settings.region)
            .replace("123456789012", &self.world.settings.account)
            .replace(
                "repo:example@12345678/keycloak@123456789:",
                &format!("repo:{owner}@{owner_id}/{name}@{id}:"),
            )
            .replace("\"123456789\"", &format!("\"{id}\""))
            .replace(
                ":environment:production",
                &format!(":environment:{}", self.trusted),
            )
            .replace(
                ":environment\": \"production\"",
                &format!(":environment\": \"{}\"", self.trusted),
            );
        serde_json::from_str(&text).map_err(std::io::Error::other)
    }
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
