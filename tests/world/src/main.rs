//! The stand-ins as a process: prints their addresses as one line of JSON, serves until SIGINT, and then prints the number of
//! requests to each operation as another.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use serde_json::{Value, json};
use world::github::{Access, Permissions, RepositoryOptions};
use world::oidc::{JobIdentity, SubjectForm};
use world::{Settings, World};

/// Stand-ins for AWS and GitHub on loopback
#[derive(Parser)]
struct Arguments {
    /// Folder for everything that the stand-ins keep
    #[arg(long)]
    root: PathBuf,
    /// Simulated seconds in one real second
    #[arg(long, default_value_t = 1.0, value_parser = time_scale)]
    time_scale: f64,
}

fn time_scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    if scale.is_finite() && scale > 0.0 {
        Ok(scale)
    } else {
        Err("a number above 0, such as 60".to_owned())
    }
}

/// The job whose requests for OIDC tokens are answered.
fn job() -> JobIdentity {
    JobIdentity {
        repository: "acme/idp".to_owned(),
        repository_id: 7,
        repository_owner_id: 5,
        git_ref: "refs/heads/main".to_owned(),
        sha: "0".repeat(40),
        event_name: "push".to_owned(),
        environment: Some("production".to_owned()),
        job_workflow_ref: "acme/idp/.github/workflows/deploy.yml@refs/heads/main".to_owned(),
        actor: "ada".to_owned(),
        run_id: 1,
        subject: SubjectForm::Immutable,
    }
}

/// A trust policy for that job.
fn trust(world: &World) -> Value {
    let issuer = "token.actions.githubusercontent.com";
    let provider = format!(
        "arn:aws:iam::{}:oidc-provider/{issuer}",
        world.settings.account
    );
    json!({"Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): job().sub(),
        }},
    }]})
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::new(arguments.root);
    settings.time_scale = arguments.time_scale;
    let world = World::start(settings).await?;
    let admin = world
        .iam
        .session("admin", "ada", world.clock.unix() + 43_200.0);
    let (id_token_url, id_token_token) = world.oidc.allow(job());
    let ecr = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    world
        .iam
        .put_role("deploy", trust(&world), json!({"Statement": [ecr]}));
    let options = RepositoryOptions {
        actions_can_create_pull_requests: true,
        ..RepositoryOptions::default()
    };
    let made = world
        .github
        .create_repository("acme", "idp", "main", options);
    made.await
        .map_err(|error| std::io::Error::other(format!("{error:?}")))?;
    let rights = [
        ("contents", Access::Write),
        ("pull-requests", Access::Write),
    ];
    let github_token = world
        .github
        .job_token("acme/idp", 1, Permissions::of(rights));
    let told = json!({
        "aws": world.urls.aws,
        "registry": world.urls.registry,
        "github": world.urls.github,
        "region": world.settings.region,
        "access_key": admin.access_key,
        "secret_key": admin.secret,
        "session_token": admin.token,
        "role": format!("arn:aws:iam::{}:role/deploy", world.settings.account),
        "github_token": github_token,
        "id_token_url": id_token_url,
        "id_token_token": id_token_token,
    });
    println!("{told}");
    tokio::signal::ctrl_c().await?;
    let mut requests: BTreeMap<String, usize> = BTreeMap::new();
    for entry in world.journal.entries() {
        let name = format!("{} {}", entry.service, entry.operation);
        *requests.entry(name).or_default() += 1;
    }
    println!("{}", json!({ "requests": requests }));
    Ok(())
}
