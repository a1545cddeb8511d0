//! Who may ask GitHub to merge, and what comes of it.

use world::github::RepositoryOptions;

use super::{BRANCH, CONTENT, FILE, content, forge, output, proposing, proposing_as, run};
use crate::support::Step;
use crate::support::forge::Forge;

const CHECK: &str = ".github/workflows/check.yml";
const WORKFLOW: &str = "on: pull_request\njobs:\n  check:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: 'true'\n";

fn forge_with(change: impl FnOnce(&mut RepositoryOptions)) -> Forge {
    let mut options = RepositoryOptions {
        actions_can_create_pull_requests: true,
        allow_auto_merge: true,
        ..RepositoryOptions::default()
    };
    change(&mut options);
    Forge::new(options, &[(FILE, CONTENT.as_bytes())])
}

fn merging(forge: &Forge) -> Step {
    proposing_as(forge, &forge.app_token(), "1.1.0").env("KECS_AUTO_MERGE", "true")
}

#[test]
fn the_jobs_own_token_may_not_merge_since_nothing_would_be_deployed() {
    let forge = forge_with(|_| {});
    let everything = forge.everything();
    let ended = proposing(&forge, "1.1.0")
        .env("KECS_AUTO_MERGE", "true")
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("starts no workflow"), "{}", ended.log);
    assert!(ended.log.contains("GitHub App"), "{}", ended.log);
    assert!(ended.log.contains("let a person merge"), "{}", ended.log);
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_repository_that_does_not_allow_it_is_told_the_setting() {
    let forge = forge();
    let everything = forge.everything();
    let ended = merging(&forge).run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("Allow auto-merge"), "{}", ended.log);
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_pull_request_that_waits_for_a_check_merges_itself_later() {
    let forge = forge_with(|options| options.required_workflows = vec!["check.yml".to_owned()]);
    let ended = run(&merging(&forge));
    let pull = &forge.pulls()[0];
    assert!(pull.open && pull.auto_merge.is_some());
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert!(ended.log.contains("merges itself when"), "{}", ended.log);
    let everything = forge.everything();
    assert_eq!(
        output(&run(&merging(&forge)), "pull-request-operation"),
        "none"
    );
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_pull_request_with_nothing_to_wait_for_is_merged_at_once() {
    let forge = forge_with(|_| {});
    let ended = run(&merging(&forge));
    assert!(forge.pulls()[0].merged.is_some());
    assert_eq!(forge.text("main", FILE), content("1.1.0", "sha256:aa"));
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert!(ended.log.contains("nothing to wait for"), "{}", ended.log);
}

#[test]
fn a_pull_request_that_was_there_and_is_merged_at_once_is_still_named() {
    let forge = forge_with(|_| {});
    run(&merging(&forge)
        .env("KECS_AUTO_MERGE", "false")
        .env("KECS_VARIABLES", "keycloak_image_tag=1.0.1"));
    let ended = run(&merging(&forge));
    assert!(forge.pulls()[0].merged.is_some(), "{}", ended.log);
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert_eq!(output(&ended, "pull-request-operation"), "updated");
}

#[test]
fn a_check_that_is_not_required_and_not_done_leaves_it_to_a_person() {
    let forge = forge_with(|_| {});
    forge.put("main", CHECK, WORKFLOW.as_bytes());
    let ended = merging(&forge).run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("Make the checks required"),
        "{}",
        ended.log
    );
    assert!(forge.pulls()[0].open);
    assert!(
        ended.outputs.contains("pull-request-number"),
        "{}",
        ended.outputs
    );
}

#[test]
fn a_merge_queue_takes_it_in() {
    let forge = forge_with(|options| options.merge_queue = true);
    let ended = run(&merging(&forge));
    assert!(forge.pulls()[0].queued);
    assert!(ended.log.contains("in the merge queue"), "{}", ended.log);
    let everything = forge.everything();
    run(&merging(&forge));
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_draft_that_is_to_merge_itself_is_a_contradiction() {
    let forge = forge_with(|_| {});
    let ended = merging(&forge)
        .env("KECS_DRAFT", "true")
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert_eq!(forge.tip(BRANCH), None);
    assert_eq!(forge.pulls().len(), 0);
}
