//! The next release tag of the image, from what changed; and its reservation.

mod args;
mod changes;
mod elsewhere;
mod event;
mod plan;
mod run;
mod summary;
mod tags;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `bump-tag`.
pub struct BumpTag;

/// The outputs of `bump-tag`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    tag: String,
    alias: String,
    previous_tag: Option<String>,
    changed: bool,
    reason: String,
}

impl Action for BumpTag {
    const NAME: &'static str = "bump-tag";
    const SUMMARY: &'static str = "Decides the next tag of the Keycloak image from what changed, and reserves it as a git tag";
    const BRANDING: (&'static str, &'static str) = ("tag", "blue");
    const EXAMPLES: &'static [&'static str] = &[
        "GITHUB_TOKEN=\"$(gh auth token)\" GITHUB_REPOSITORY=acme/idp bump-tag --dry-run",
        "bump-tag --repository keycloak --adopt-from v1.4.2 --dry-run",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "tag",
            description: "Tag for the image, for example `1.5.0`",
        },
        OutputSpec {
            name: "alias",
            description: "Second tag that names Keycloak's version, for example `1.5.0-kc26.7.5`",
        },
        OutputSpec {
            name: "previous-tag",
            description: "Tag of the release before it, for example `1.4.2`; empty for the first one",
        },
        OutputSpec {
            name: "changed",
            description: "`true` if the tag is new, `false` if the input has it already",
        },
        OutputSpec {
            name: "reason",
            description: "One line: which tag, after which, and why",
        },
    ];

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(args, context).await.map(Outcome::from)
    }
}
