//! Builds the Keycloak image once for each input, and pushes it.

mod args;
mod builder;
mod commands;
mod docker_home;
mod follow;
mod jars;
mod plan;
mod report;
mod run;
mod steps;
mod target;
mod update;
mod work;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `build-image`.
pub struct BuildImage;

/// The outputs of `build-image`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    image: String,
    digest: Option<String>,
    tag: Option<String>,
    reused: bool,
    input_digest: String,
    size: Option<u64>,
    layers: Option<usize>,
    new_layers: Option<usize>,
    duration_seconds: u64,
    #[serde(flatten)]
    update: update::Update,
}

impl Action for BuildImage {
    const NAME: &'static str = "build-image";
    const SUMMARY: &'static str = "Builds the Keycloak image once for each input, pushes it to ECR or another registry, and reports its digest";
    const BRANDING: (&'static str, &'static str) = ("package", "blue");
    const EXAMPLES: &'static [&'static str] = &[
        "build-image --push=false",
        "build-image --tag 1.4.2 --alias 1.4.2-kc26.7.5",
        "build-image --registry ghcr.io --repository acme/keycloak --tag 1.4.2 --builder buildah",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            description: "Image with tag and digest, for example `ghcr.io/acme/keycloak:1.4.2@sha256:…`; without a push its local name",
        },
        OutputSpec {
            name: "digest",
            description: "Digest that the registry serves, `sha256:` and 64 hexadecimal digits; only with a push",
        },
        OutputSpec {
            name: "tag",
            description: "Tag of the image, for example `1.4.2`",
        },
        OutputSpec {
            name: "reused",
            description: "`true` if the tag was there, made from the same input: nothing was built and nothing pushed",
        },
        OutputSpec {
            name: "input-digest",
            description: "Digest of everything that the image is made from, as its label `io.github.keycloak-ecs-actions.input-digest` has it",
        },
        OutputSpec {
            name: "size",
            description: "Bytes of the image in the registry, for example `285212672`; only with a push",
        },
        OutputSpec {
            name: "layers",
            description: "Layers of the image, for example `9`; only with a push",
        },
        OutputSpec {
            name: "new-layers",
            description: "How many of them the release before does not have, for example `2`; empty if there is no such release, or nothing was pushed",
        },
        OutputSpec {
            name: "duration-seconds",
            description: "Seconds that it took, for example `94`",
        },
        OutputSpec {
            name: "build-options",
            description: "What Keycloak was built with, for example `--db=postgres --metrics-enabled=true`; this and the next four only if the Dockerfile has the stage `update-compatibility`",
        },
        OutputSpec {
            name: "update",
            description: "`rolling` if Keycloak says that nodes of this image may run beside those of the release before, `recreate` if not; empty without such a release",
        },
        OutputSpec {
            name: "update-from",
            description: "The release before, for example `1.4.1`",
        },
        OutputSpec {
            name: "update-reason",
            description: "Why it is `recreate`, for example `'keycloak.version' is incompatible: 26.6.4 -> 26.7.5`",
        },
        OutputSpec {
            name: "update-metadata",
            description: "What `kc.sh update-compatibility metadata` says of the image, as JSON; the next release is compared with it",
        },
    ];

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(&args, context).await.map(Outcome::from)
    }
}
