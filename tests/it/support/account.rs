//! An account with one role, and a job that it trusts.

use serde_json::{Value, json};
use world::oidc::{JobIdentity, SubjectForm};
use world::{Settings, World};

const ISSUER: &str = "token.actions.githubusercontent.com";

/// A world with one role that trusts the environment `production` of `acme/idp`.
pub(crate) struct Account {
    pub(crate) world: std::sync::Arc<World>,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Account {
    pub(crate) fn new() -> Self {
        Self::at_scale(1.0)
    }

    /// An account whose time runs `scale` times as fast.
    pub(crate) fn at_scale(scale: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mut settings = Settings::new(folder.path());
        settings.time_scale = scale;
        let world = runtime.block_on(World::start(settings)).unwrap();
        world.iam.put_role(
            "deploy",
            trust("repo:acme/idp:environment:production"),
            json!({"Statement": []}),
        );
        world.iam.put_role(
            "chained",
            json!({"Statement": [{
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"AWS": "arn:aws:iam::123456789012:role/deploy"},
            }]}),
            json!({"Statement": []}),
        );
        Self {
            world,
            runtime,
            _folder: folder,
        }
    }

    /// Runs a future to its end, beside the stand-ins.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

fn trust(sub: &str) -> Value {
    json!({"Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::123456789012:oidc-provider/{ISSUER}")},
        "Condition": {"StringEquals": {
            format!("{ISSUER}:aud"): "sts.amazonaws.com",
            format!("{ISSUER}:sub"): sub,
        }},
    }]})
}

pub(crate) fn job(environment: Option<&str>) -> JobIdentity {
    JobIdentity {
        repository: "acme/idp".to_owned(),
        repository_id: 7,
        repository_owner_id: 5,
        git_ref: "refs/heads/main".to_owned(),
        sha: "0".repeat(40),
        event_name: "push".to_owned(),
        environment: environment.map(str::to_owned),
        job_workflow_ref: "acme/idp/.github/workflows/deploy.yml@refs/heads/main".to_owned(),
        actor: "ada".to_owned(),
        run_id: 77,
        subject: SubjectForm::Classic,
    }
}
