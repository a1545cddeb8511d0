//! What the registry tells while, or before, the tasks of a revision that is registered already start.

use world::ecs::Behaviour;

use super::images::push;
use super::stage::Stage;

#[test]
fn a_wait_tells_that_the_image_is_missing_before_a_task_has_stopped() {
    let stage = Stage::new();
    let (there, _) = push(&stage, "1.1.0", "amd64");
    let missing = there.replace("1.1.0", "1.2.0");
    stage
        .ecs()
        .behave(&missing, Behaviour::cannot_pull(&missing));
    let (_, revision) = stage.apply(&missing);
    let told = stage.wait(&revision);
    let warning = format!("there is no image {missing}: no task of it can start");
    told.is("failed", &[&warning, "CannotPullContainerError"]);
    let at = |text: &str| told.ended.log.find(text).unwrap();
    assert!(at(&warning) < at("CannotPullContainerError"));
}

#[test]
fn a_wait_tells_that_the_image_is_for_another_machine() {
    let stage = Stage::new();
    let (image, _) = push(&stage, "1.1.0", "arm64");
    stage
        .ecs()
        .behave(&image, Behaviour::wrong_platform("linux/amd64"));
    let (_, revision) = stage.apply(&image);
    let told = stage.wait(&revision);
    told.is(
        "failed",
        &["is built for linux/arm64, but keycloak runs on linux/amd64: no task of it can start"],
    );
}

#[test]
fn a_wait_for_an_image_that_is_there_says_nothing_of_it() {
    let stage = Stage::new();
    let (image, digest) = push(&stage, "1.1.0", "amd64");
    let (_, revision) = stage.apply(&image);
    let told = stage.wait(&revision);
    told.is("deployed", &[]);
    assert_eq!(told.json["image-digest"], digest);
    assert!(!told.ended.log.contains("::warning"), "{}", told.ended.log);
    assert!(
        !told.ended.log.contains("not checked"),
        "{}",
        told.ended.log
    );
}

#[test]
fn a_wait_that_may_not_ask_the_registry_ends_as_well() {
    let stage = Stage::new();
    let (image, _) = push(&stage, "1.1.0", "amd64");
    let (_, revision) = stage.apply(&image);
    let step = stage.step_allowed(&["ecs:*", "logs:*"]);
    let told = stage.play(&step, &["--task-definition", &revision], || {});
    told.is("deployed", &["::notice ", "was not checked"]);
}

#[test]
fn an_image_that_was_deleted_is_not_started_again() {
    let stage = Stage::new();
    let (image, _) = push(&stage, "1.1.0", "amd64");
    let (_, first) = stage.apply(&image);
    stage.wait(&first).is("deployed", &[]);
    let (kept, _) = push(&stage, "1.2.0", "amd64");
    assert!(stage.world().ecr.expire("keycloak", "1.1.0"));

    let restart = stage.run(&["--operation", "restart"]);
    assert_eq!(restart.ended.code, 2, "{}", restart.ended.log);
    assert!(
        restart
            .error()
            .contains(&format!("there is no image {image}"))
    );

    let (_, second) = stage.apply(&kept);
    stage.wait(&second).is("deployed", &[]);
    let before = stage.asked("UpdateService");
    let back = stage.run(&["--operation", "rollback"]);
    assert_eq!(back.ended.code, 2, "{}", back.ended.log);
    assert!(back.error().contains(&format!("there is no image {image}")));
    assert_eq!(stage.asked("UpdateService"), before);
}
