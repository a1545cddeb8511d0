//! Waits for an ECS deployment, or starts, restarts or takes one back; says what happened and why.

mod args;
mod attach;
mod cancel;
mod conclude;
mod deploy;
mod image;
mod plan;
mod reader;
mod report;
mod run;
mod session;
mod start;
mod status;
mod summary;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `deploy-service`.
pub struct DeployService;

/// The outputs of `deploy-service`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    outcome: Option<String>,
    deployment_id: Option<String>,
    task_definition: Option<String>,
    image_digest: Option<String>,
    duration_seconds: Option<u64>,
    reason: Option<String>,
    report: Option<report::Report>,
}

impl Action for DeployService {
    const NAME: &'static str = "deploy-service";
    const SUMMARY: &'static str = "Waits for an ECS deployment, or starts, restarts or rolls one back, and says what happened and why";
    const BRANDING: (&'static str, &'static str) = ("upload-cloud", "orange");
    const EXAMPLES: &'static [&'static str] = &[
        "deploy-service --cluster keycloak --service keycloak --task-definition keycloak:42",
        "deploy-service --operation status --cluster keycloak --service keycloak --json",
        "deploy-service --operation restart --cluster keycloak --service keycloak --until live",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "outcome",
            description: "`deployed`, `no-op`, `failed`, `rolled-back`, `superseded`, `timed-out`, `timed-out-live`, `cancelled` or `credentials-lost`; empty while a deployment is in flight (`status`)",
        },
        OutputSpec {
            name: "deployment-id",
            description: "Deployment that the outcome is about, for example `ecs-svc/1234567890123456789`",
        },
        OutputSpec {
            name: "task-definition",
            description: "ARN of its task definition",
        },
        OutputSpec {
            name: "image-digest",
            description: "Digest of its image, as ECS resolved it, for example `sha256:9f86…`",
        },
        OutputSpec {
            name: "duration-seconds",
            description: "Seconds that the action took, for example `184`",
        },
        OutputSpec {
            name: "reason",
            description: "The verdict in one line",
        },
        OutputSpec {
            name: "report",
            description: "The whole report as JSON; its schema is `docs/deploy-service.schema.json`",
        },
    ];
    const HANDLES_CANCEL: bool = true;

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(&args, context).await
    }
}
