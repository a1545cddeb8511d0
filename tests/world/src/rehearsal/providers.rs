//! A job that brings and verifies the provider jars, and the image that they go into.

use std::path::Path;

use serde_json::{Value, json};

use super::shell::run;

/// The steps of a job that brings the real jars from Maven Central and verifies them. `damage` plants a changed jar;
/// `cache` keeps Keycloak's class names between rehearsals (act sets a tool cache of its own).
pub fn steps(damage: bool, cache: &Path) -> Value {
    let mut steps = vec![json!(
        {"name": "Fetch the providers", "uses": "./actions/verify-providers", "with": {"operation": "fetch"}}
    )];
    if damage {
        steps.push(json!({"name": "Somebody changes a jar", "shell": "bash",
            "run": "printf x >>docker/providers/jgroups-aws-4.0.0.Final.jar"}));
    }
    steps.push(json!(
        {"name": "Verify the providers", "uses": "./actions/verify-providers", "with": {"operation": "verify", "cache-dir": cache.to_string_lossy()}}
    ));
    // Where the next stage finds them: a workspace of act's is removed with its job.
    steps.push(json!({"name": "Keep the providers", "shell": "bash",
        "run": "mkdir -p \"$KEEP\" && cp --preserve=timestamps docker/providers/*.jar \"$KEEP\""}));
    Value::Array(steps)
}

/// Builds the image from `docker/` with the verified jars: the real `kc.sh build`, by buildah.
pub async fn build_image(product: &Path, context: &Path, jars: &Path) -> Result<String, String> {
    let base = run(product, "tests/tools/base-image.sh", &["--pull-first"], &[]).await?;
    let base = base.lines().last().unwrap_or("").to_owned();
    let source = if base.contains("source=registry") {
        "the official base image"
    } else {
        "a stand-in base image made from Keycloak's distribution in Maven Central"
    };
    let (docker, target) = (context.join("docker"), context.join("docker/providers"));
    std::fs::create_dir_all(&target).map_err(|error| error.to_string())?;
    let copy = "cp --preserve=timestamps \"$1\"/*.jar \"$2\"";
    let (jars, target) = (jars.to_string_lossy(), target.to_string_lossy());
    run(context, "bash", &["-c", copy, "copy", &jars, &target], &[]).await?;
    let arguments = [
        "bud",
        "--isolation",
        "chroot",
        "--layers",
        "--quiet",
        "--tag",
        "localhost/keycloak:rehearsal",
        ".",
    ];
    let image = run(&docker, "buildah", &arguments, &[]).await?;
    let id = image
        .lines()
        .last()
        .unwrap_or("")
        .chars()
        .take(12)
        .collect::<String>();
    Ok(format!(
        "image {id} on {source}, by buildah (the action build-image is not there yet)"
    ))
}
