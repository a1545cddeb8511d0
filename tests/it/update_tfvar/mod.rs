//! `update-tfvar` against a GitHub on loopback, and on disk.

mod afterwards;
mod auto_merge;
mod local;
mod proposal;
mod race;
mod refusals;

use serde_json::Value;

use crate::support::forge::{Forge, RIGHTS};
use crate::support::{Ended, Step};

const FILE: &str = "terraform/environments/production/image.auto.tfvars";
const BRANCH: &str =
    "update-tfvar/terraform-environments-production-image/keycloak_image_tag-2030db";
/// As it is written before the first release, with a comment of people.
const CONTENT: &str = "# The image that production runs.\nkeycloak_image_tag    = \"1.0.0\" # release\nkeycloak_image_digest = \"sha256:aa\"\n";

fn content(tag: &str, digest: &str) -> String {
    CONTENT.replace("1.0.0", tag).replace("sha256:aa", digest)
}

fn forge() -> Forge {
    Forge::open(&[(FILE, CONTENT.as_bytes()), ("README.md", b"Keycloak\n")])
}

/// A step with a job's token that proposes a tag.
fn proposing(forge: &Forge, tag: &str) -> Step {
    proposing_as(forge, &forge.job_token(&RIGHTS), tag)
}

fn proposing_as(forge: &Forge, token: &str, tag: &str) -> Step {
    forge
        .step(token)
        .env("KECS_FILE", FILE)
        .env("KECS_VARIABLES", &format!("keycloak_image_tag={tag}"))
}

#[track_caller]
fn run(step: &Step) -> Ended {
    let ended = step.run("update-tfvar", &["--json"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    ended
}

/// An output, as `--json` has it.
#[track_caller]
fn output(ended: &Ended, name: &str) -> Value {
    let outputs: Value = serde_json::from_str(&ended.stdout).unwrap();
    outputs[name].clone()
}

fn writes(calls: &[String]) -> usize {
    let read = |call: &&String| !call.starts_with("GET ") && *call != "POST /graphql";
    calls.iter().filter(read).count()
}
