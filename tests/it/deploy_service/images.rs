//! The image that `deploy` is asked for, in the account's registry.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use world::ecs::Behaviour;

use super::stage::{Stage, told};

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Pushes an image without layers, as any client would; its name with the tag, and its digest.
pub(super) fn push(stage: &Stage, tag: &str, architecture: &str) -> (String, String) {
    let world = stage.world();
    world.ecr.create_repository("keycloak", false);
    let admin = world
        .iam
        .session("admin", "push", world.clock.unix() + 1e9)
        .principal;
    let password = world.ecr.password(&admin);
    let base = format!("{}/v2/keycloak", world.urls.registry);
    let config =
        json!({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": config.len(),
            "digest": digest(config.as_bytes()),
        },
        "layers": [],
    })
    .to_string();
    let sent = async {
        let client = keycloak_ecs_actions::http::client().unwrap();
        let login = |request: reqwest::RequestBuilder| request.basic_auth("AWS", Some(&password));
        let begun = login(client.post(format!("{base}/blobs/uploads/")))
            .send()
            .await?;
        let place = begun.headers()["location"].to_str().unwrap().to_owned();
        let place = match place.strip_prefix('/') {
            Some(path) => format!("{}/{path}", world.urls.registry),
            None => place,
        };
        let joint = if place.contains('?') { '&' } else { '?' };
        let blob = format!("{place}{joint}digest={}", digest(config.as_bytes()));
        login(client.put(blob))
            .body(config)
            .send()
            .await?
            .error_for_status()?;
        login(client.put(format!("{base}/manifests/{tag}")))
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .body(manifest.clone())
            .send()
            .await?
            .error_for_status()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(sent).unwrap();
    let host = world.urls.registry.trim_start_matches("http://");
    (
        format!("{host}/keycloak:{tag}"),
        digest(manifest.as_bytes()),
    )
}

#[test]
fn an_image_that_is_not_there_is_refused_before_anything_is_registered() {
    let stage = Stage::new();
    let (there, _) = push(&stage, "1.1.0", "amd64");
    let missing = there.replace("1.1.0", "1.2.0");
    let told = stage.run(&["--operation", "deploy", "--image", &missing]);
    assert_eq!(told.ended.code, 2, "{}", told.ended.log);
    assert!(
        told.error()
            .contains(&format!("there is no image {missing}")),
        "{}",
        told.error()
    );
    assert_eq!(
        (
            stage.asked("RegisterTaskDefinition"),
            stage.asked("UpdateService")
        ),
        (0, 0)
    );
}

#[test]
fn s09_an_image_for_another_machine_is_refused_before_anything_is_registered() {
    let stage = Stage::new();
    let (image, _) = push(&stage, "1.1.0", "arm64");
    let told = stage.run(&["--operation", "deploy", "--image", &image]);
    assert_eq!(told.ended.code, 2, "{}", told.ended.log);
    assert!(
        told.error()
            .contains("is built for linux/arm64, but keycloak runs on linux/amd64"),
        "{}",
        told.error()
    );
    assert_eq!(
        (
            stage.asked("RegisterTaskDefinition"),
            stage.asked("UpdateService")
        ),
        (0, 0)
    );
}

#[test]
fn s34_a_tag_that_still_means_the_running_digest_is_nothing_to_do() {
    let stage = Stage::new();
    let (image, digest) = push(&stage, "1.1.0", "amd64");
    let first = stage.run(&["--operation", "deploy", "--image", &image]);
    first.is("deployed", &[]);
    assert_eq!(first.json["image-digest"], digest);
    let again = stage.run(&["--operation", "deploy", "--image", &image]);
    again.is("no-op", &["serves already"]);
    assert_eq!(
        (
            stage.asked("RegisterTaskDefinition"),
            stage.asked("UpdateService")
        ),
        (1, 1)
    );
}

#[test]
fn a_registry_that_may_not_be_asked_costs_a_notice() {
    let stage = Stage::new();
    let (image, _) = push(&stage, "1.1.0", "amd64");
    stage.ecs().behave(&image, Behaviour::healthy());
    let step = stage.step_allowed(&["ecs:*", "logs:*", "iam:PassRole"]);
    let told = told(&step, &["--operation", "deploy", "--image", &image]);
    told.is("deployed", &["::notice ", "was not checked"]);
}

#[test]
fn a_repository_that_is_not_there_is_an_image_that_is_not_there() {
    let stage = Stage::new();
    let host = stage.world().urls.registry.trim_start_matches("http://");
    let image = format!("{host}/nothing:1.0.0");
    let named = stage.run(&["--operation", "deploy", "--image", &image]);
    let step = stage.step();
    let file = json!({"family": "keycloak", "containerDefinitions": [{"name": "keycloak", "image": image}]});
    std::fs::write(step.folder.path().join("own.json"), file.to_string()).unwrap();
    let filed = told(&step, &["--operation=deploy", "--task-definition=own.json"]);
    let revision = stage.revision(&image);
    let registered = stage.run(&["--operation", "deploy", "--task-definition", &revision]);
    for refused in [named, filed, registered] {
        assert_eq!(refused.ended.code, 2, "{}", refused.ended.log);
        assert!(
            refused
                .error()
                .contains(&format!("there is no image {image}")),
            "{}",
            refused.error()
        );
    }
    assert_eq!(
        (
            stage.asked("RegisterTaskDefinition"),
            stage.asked("UpdateService")
        ),
        (0, 0)
    );
}
