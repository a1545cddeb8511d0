//! Whether the Keycloak nodes of a service found each other.

mod args;
mod plan;
mod reader;
mod report;
mod run;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `check-cluster`.
pub struct CheckCluster;

/// The outputs of `check-cluster`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    verdict: &'static str,
    members: usize,
    coordinator: String,
}

impl Action for CheckCluster {
    const NAME: &'static str = "check-cluster";
    const SUMMARY: &'static str =
        "Proves that the Keycloak nodes of an ECS service found each other and are one cluster";
    const BRANDING: (&'static str, &'static str) = ("share-2", "purple");
    const EXAMPLES: &'static [&'static str] = &[
        "check-cluster --cluster main --service keycloak",
        "check-cluster --cluster main --service keycloak --bucket keycloak-s3-ping-1 --prefix keycloak --expect 3",
        "check-cluster --cluster main --service keycloak --discovery jdbc-ping",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "verdict",
            description: "`whole`, `forming`, `split`, `alone`, `stale` or `no-evidence`",
        },
        OutputSpec {
            name: "members",
            description: "Number of members of the cluster, or of the largest one, for example `2`",
        },
        OutputSpec {
            name: "coordinator",
            description: "Logical name of the coordinator, for example `ip-10-0-1-23-49700`; all of them with commas between if there are several",
        },
    ];

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(args, context).await
    }
}
