//! Stateful stand-ins for AWS and GitHub on loopback.
//!
//! One [`World`] is one AWS account and one GitHub: listeners on ports that the system picks.
//!
//! | listener | serves |
//! |---|---|
//! | `aws` | STS (by form), ECR, ECS and CloudWatch Logs (by target header), S3 (by signature) |
//! | `registry` | ECR's registry: the OCI distribution API |
//! | `github` | REST, GraphQL, git over HTTP, the OIDC issuer and its token endpoint |
//!
//! Every request is recorded in the [`journal`], so that a test can assert on what was asked for.

pub mod aws;
pub mod clock;
pub mod ecr;
pub mod ecr_public;
pub mod ecs;
pub mod github;
pub mod iam;
pub mod journal;
pub mod logs;
pub mod nodes;
pub mod oidc;
pub mod processes;
pub mod rehearsal;
pub mod s3;
pub mod sigv4;
pub mod sts;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;

/// What a world is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder for blobs, repositories and run logs. Created if missing, never removed.
    pub root: PathBuf,
    /// AWS account id, twelve digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// Simulated seconds in one real second: 1 is real time.
    pub time_scale: f64,
    /// Folder in which every request to GitHub and its answer are written down, for `tests/foreign/github.sh`, and what
    /// IAM was asked, for the policies' own test.
    pub record: Option<PathBuf>,
}

impl Settings {
    /// Account `123456789012` in `eu-central-1`, at real time; requests are recorded where `WORLD_RECORD_DIR` says.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            account: "123456789012".to_owned(),
            region: "eu-central-1".to_owned(),
            time_scale: 1.0,
            record: std::env::var_os("WORLD_RECORD_DIR").map(PathBuf::from),
        }
    }
}

/// Base addresses, without a slash at the end.
#[derive(Clone, Debug)]
pub struct Urls {
    pub aws: String,
    pub registry: String,
    pub github: String,
}

/// One AWS account and one GitHub.
pub struct World {
    pub settings: Settings,
    pub urls: Urls,
    pub clock: clock::Clock,
    pub journal: journal::Journal,
    pub iam: iam::Iam,
    pub oidc: oidc::Issuer,
    pub sts: sts::Faults,
    pub ecr: ecr::Ecr,
    pub ecs: ecs::Ecs,
    pub logs: logs::Logs,
    pub s3: s3::S3,
    pub nodes: nodes::Nodes,
    pub github: github::GitHub,
}

impl World {
    /// Starts the listeners on loopback; they live as long as the runtime.
    pub async fn start(settings: Settings) -> std::io::Result<Arc<Self>> {
        std::fs::create_dir_all(&settings.root)?;
        let aws = TcpListener::bind("127.0.0.1:0").await?;
        let registry = TcpListener::bind("127.0.0.1:0").await?;
        let github = TcpListener::bind("127.0.0.1:0").await?;
        let url = |listener: &TcpListener| {
            listener
                .local_addr()
                .map(|address| format!("http://{address}"))
        };
        let urls = Urls {
            aws: url(&aws)?,
            registry: url(&registry)?,
            github: url(&github)?,
        };
        let clock = clock::Clock::new(settings.time_scale);
        let world = Arc::new_cyclic(|world| Self {
            clock,
            journal: journal::Journal::default(),
            iam: iam::Iam::new(&settings),
            oidc: oidc::Issuer::new(&settings, &urls),
            sts: sts::Faults::default(),
            ecr: ecr::Ecr::new(&settings, &urls, clock),
            ecs: ecs::Ecs::new(&settings, world.clone()),
            logs: logs::Logs::new(world.clone()),
            s3: s3::S3::new(&settings),
            nodes: nodes::Nodes::default(),
            github: github::GitHub::new(&settings),
            settings,
            urls,
        });
        if let Some(folder) = &world.settings.record {
            world.github.record_in(folder)?;
        }
        serve(aws, aws::router(world.clone()));
        serve(registry, ecr::router(world.clone()));
        serve(
            github,
            github::router(world.clone()).merge(oidc::router(world.clone())),
        );
        Ok(world)
    }
}

fn serve(listener: TcpListener, router: axum::Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}
