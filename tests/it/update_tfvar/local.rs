//! The file on disk: a laptop's use.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Ended, Step};

/// A step at a terminal, with one file.
fn laptop(content: &str) -> Step {
    let step = Step::new().env("GITHUB_ACTIONS", "");
    std::fs::write(step.folder.path().join("image.auto.tfvars"), content).unwrap();
    step
}

fn set(step: &Step, more: &[&str]) -> Ended {
    let mut arguments = vec!["--file", "image.auto.tfvars", "--variables", "tag=1.1.0"];
    arguments.extend(more);
    step.run("update-tfvar", &arguments)
}

fn text(step: &Step) -> String {
    std::fs::read_to_string(step.folder.path().join("image.auto.tfvars")).unwrap()
}

fn files(step: &Step) -> Vec<String> {
    let entries = std::fs::read_dir(step.folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_laptop_edits_the_file_and_needs_no_token() {
    let step = laptop("# ours\r\ntag = \"1.0.0\"");
    let path = step.folder.path().join("image.auto.tfvars");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let before = files(&step);
    let ended = set(&step, &["--json"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(text(&step), "# ours\r\ntag = \"1.1.0\"");
    assert!(
        ended.log.contains("-tag = \"1.0.0\"\n+tag = \"1.1.0\"\n"),
        "{}",
        ended.log
    );
    assert!(
        ended.stdout.contains("\"changed\":true"),
        "{}",
        ended.stdout
    );
    assert_eq!(files(&step), before);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let ended = set(&step, &["--json"]);
    assert!(
        ended.stdout.contains("\"changed\":false"),
        "{}",
        ended.stdout
    );
    assert!(ended.log.contains("has it already"), "{}", ended.log);
}

#[test]
fn check_shows_the_difference_writes_nothing_and_ends_with_3() {
    let step = laptop("tag = \"1.0.0\"\n");
    let ended = set(&step, &["--check"]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(ended.log.contains("+tag = \"1.1.0\""), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("image.auto.tfvars:1: tag is \"1.0.0\", not \"1.1.0\""),
        "{}",
        ended.log
    );
    assert_eq!(text(&step), "tag = \"1.0.0\"\n");
    set(&step, &[]);
    assert_eq!(set(&step, &["--check"]).code, 0);
}

#[test]
fn a_step_edits_the_file_only_when_told_to() {
    let step = laptop("tag = \"1.0.0\"\n").env("GITHUB_ACTIONS", "true");
    let ended = set(&step, &["--local"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(text(&step), "tag = \"1.1.0\"\n");
    assert!(ended.outputs.contains("changed<<"), "{}", ended.outputs);
}

#[test]
fn a_symbolic_link_stays_and_the_file_behind_it_changes() {
    let step = laptop("tag = \"1.0.0\"\n");
    let folder = step.folder.path();
    std::os::unix::fs::symlink("image.auto.tfvars", folder.join("link.auto.tfvars")).unwrap();
    let ended = step.run(
        "update-tfvar",
        &["--file", "link.auto.tfvars", "--variables", "tag=1.1.0"],
    );
    // The link gives the variable its value a second time, under a later name.
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(folder.join("link.auto.tfvars").is_symlink());
    assert_eq!(text(&step), "tag = \"1.1.0\"\n");
}

#[test]
fn a_value_that_another_file_overrides_is_not_written() {
    let step = laptop("tag = \"1.0.0\"\n");
    std::fs::write(step.folder.path().join("z.auto.tfvars"), "\ntag = \"2\"\n").unwrap();
    let ended = set(&step, &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("z.auto.tfvars:2: "), "{}", ended.log);
    assert_eq!(text(&step), "tag = \"1.0.0\"\n");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ended = Step::new().env("GITHUB_ACTIONS", "").run(
        "update-tfvar",
        &["--file", "no.tfvars", "--variables", "tag=1"],
    );
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("could not read no.tfvars"),
        "{}",
        ended.log
    );
}

#[test]
fn what_is_for_a_pull_request_is_not_left_out_in_silence() {
    let step = laptop("tag = \"1.0.0\"\n");
    for flag in ["--labels=keycloak", "--base=main", "--auto-merge"] {
        let ended = set(&step, &[flag]);
        assert_eq!(ended.code, 2, "{flag}: {}", ended.log);
        let told = "is for a pull request, but the file is edited on disk";
        assert!(ended.log.contains(told), "{flag}: {}", ended.log);
    }
    assert_eq!(text(&step), "tag = \"1.0.0\"\n");
}

#[test]
fn values_may_be_given_one_by_one() {
    let step = laptop("tag = \"1.0.0\"\nname = \"a\"\n");
    let ended = set(&step, &["--variables=name=b"]);
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(text(&step), "tag = \"1.1.0\"\nname = \"b\"\n");
}
