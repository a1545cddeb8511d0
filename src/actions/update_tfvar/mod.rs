//! One byte-exact edit of a Terraform variable, one verified commit, one pull request.

mod apply;
mod args;
mod blobs;
mod body;
mod furnish;
mod local;
mod merge;
mod overtaken;
mod patience;
mod plan;
#[cfg(test)]
mod plan_tests;
mod records;
mod request;
mod run;
mod state;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `update-tfvar`.
pub struct UpdateTfvar;

/// The outputs of `update-tfvar`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    pull_request_number: Option<u64>,
    pull_request_url: Option<String>,
    pull_request_operation: Option<&'static str>,
    pull_request_head_sha: Option<String>,
    changed: bool,
}

impl Action for UpdateTfvar {
    const NAME: &'static str = "update-tfvar";
    const SUMMARY: &'static str =
        "Sets a Terraform variable byte-exactly and opens or updates one pull request for it";
    const BRANDING: (&'static str, &'static str) = ("edit-3", "purple");
    const EXAMPLES: &'static [&'static str] = &[
        "update-tfvar --file terraform/environments/production/image.auto.tfvars --variables keycloak_image_tag=1.4.2",
        "update-tfvar --file variables.tf --variables images.keycloak=1.4.2 --check",
        "update-tfvar --file image.auto.tfvars --variables keycloak_image_tag=1.4.1 --allow-downgrade --local=false --repository acme/idp",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "pull-request-number",
            description: "Number of the pull request, for example `17`; empty if there is none",
        },
        OutputSpec {
            name: "pull-request-url",
            description: "Address of the pull request; empty if there is none",
        },
        OutputSpec {
            name: "pull-request-operation",
            description: "What became of it: `created`, `updated`, `closed` or `none`; empty if a file on disk was edited",
        },
        OutputSpec {
            name: "pull-request-head-sha",
            description: "Commit at the head of the pull request; empty if there is none",
        },
        OutputSpec {
            name: "changed",
            description: "Whether the file had another value before: `true` or `false`",
        },
    ];

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(args, context).await
    }
}
