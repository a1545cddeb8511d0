//! What people ask for by labels, titles and trailers; what a pull request is told; what is refused.

use serde_json::json;
use world::github::Access;

use super::{as_files, bump, image, output, step, tag_of, tags, team};
use crate::support::team::{REPOSITORY, Team};
use crate::support::{Ended, Step};

/// A pull request with a patch of Keycloak.
fn propose(team: &Team, title: &str, body: &str, labels: &[&str], patch: u32) -> u64 {
    let image = image(&format!("26.7.{patch}"), &["g:a:1.0.0"]);
    team.propose(title, body, labels, &as_files(&image))
}

#[test]
fn the_merged_pull_request_decides_by_label_title_or_trailer() {
    let team = team();
    bump(&team, "HEAD");
    for (patch, (title, body, labels, method, tag, reason)) in (10_u32..).zip([
        (
            "Bump it",
            "",
            &["semver:minor"][..],
            "squash",
            "1.1.0",
            "label semver:minor of #1",
        ),
        (
            "feat: bump it",
            "",
            &[],
            "merge",
            "1.2.0",
            "the title of #2",
        ),
        (
            "fix: bump it",
            "",
            &["docker"],
            "squash",
            "1.2.1",
            "Keycloak 26.7.11 → 26.7.12",
        ),
        (
            "Bump it",
            "Text\n\nRelease-As: 2.0.0",
            &[],
            "merge",
            "2.0.0",
            "Release-As of #4",
        ),
        (
            "feat!: bump it",
            "",
            &["semver:patch"],
            "squash",
            "2.0.1",
            "Keycloak 26.7.13 → 26.7.14",
        ),
    ]) {
        let number = propose(&team, title, body, labels, patch);
        let sha = team.merge(number, method);
        let ended = bump(&team, &sha);
        assert_eq!(tag_of(&ended), tag, "{title}: {}", ended.log);
        assert!(
            output(&ended, "reason").contains(reason),
            "{}",
            output(&ended, "reason")
        );
    }
}

#[test]
fn labels_that_contradict_are_refused_until_they_are_mended() {
    let team = team();
    bump(&team, "HEAD");
    let files = image("26.7.5", &["g:a:1.0.0", "g:b:1"]);
    let number = team.propose("Add b", "", &["semver:patch"], &as_files(&files));
    let sha = team.merge(number, "squash");
    let below = bump(&team, &sha);
    refused(
        &below,
        "the label semver:patch is below the floor minor: g:b 1 added",
    );
    team.api(
        &team.ada,
        "POST",
        &format!("issues/{number}/labels"),
        &json!({"labels": ["semver:major"]}),
    );
    refused(
        &bump(&team, &sha),
        "#1 has 2 labels: semver:patch, semver:major",
    );
    assert_eq!(tags(&team), ["keycloak-1.0.0"]);
}

/// Exit code 2, one annotation with these words, no output.
fn refused(ended: &Ended, words: &str) {
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains(words), "{}", ended.log);
    assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
    assert_eq!(ended.outputs, "");
}

#[test]
fn a_label_counts_also_if_the_release_of_its_merge_never_came() {
    let team = team();
    bump(&team, "HEAD");
    let one = propose(&team, "Bump it", "", &["semver:major"], 6);
    team.merge(one, "squash");
    team.commit("feat: not of the image", &[("x.txt", "x\n")]);
    let two = propose(&team, "Bump it again", "", &[], 7);
    let sha = team.merge(two, "squash");
    let ended = bump(&team, &sha);
    assert_eq!(tag_of(&ended), "2.0.0");
    assert!(output(&ended, "reason").contains("label semver:major of #1"));
    // It has counted: the next release starts from here.
    let three = propose(&team, "Bump it", "", &[], 8);
    let sha = team.merge(three, "squash");
    assert_eq!(tag_of(&bump(&team, &sha)), "2.0.1");
}

/// The step of a `pull_request` event, with a token that reads.
fn dry_run(team: &Team, number: u64) -> Step {
    let pulls = team.account.world.github.pull_requests(REPOSITORY);
    let pull = pulls.iter().find(|pull| pull.number == number).unwrap();
    team.git(&[
        "fetch",
        "-q",
        "origin",
        &format!("refs/pull/{number}/merge"),
    ]);
    let sha = team.git(&["rev-parse", "FETCH_HEAD"]);
    let token = team.job_token(&[("contents", Access::Read), ("pull-requests", Access::Read)]);
    let step = team.step(&sha);
    let payload = json!({"pull_request": {
        "number": number,
        "title": pull.title,
        "body": pull.body,
        "labels": pull.labels.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "head": {"repo": {"full_name": pull.head_repository}},
        "base": {"ref": "main", "repo": {"full_name": REPOSITORY}},
    }});
    let path = step.folder.path().join("event.json");
    std::fs::write(&path, payload.to_string()).unwrap();
    step.env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", path.to_str().unwrap())
        .env("GITHUB_REF_NAME", &format!("{number}/merge"))
        .env("KECS_TOKEN", &token)
        .env("KECS_REPOSITORY", "keycloak")
        .env("KECS_DRY_RUN", "true")
}

#[test]
fn a_pull_request_is_told_its_tag_with_the_labels_that_it_has_now() {
    let team = team();
    bump(&team, "HEAD");
    let number = propose(&team, "Bump it", "", &[], 6);
    let step = dry_run(&team, number);
    let writes = team.writes();
    let ended = step.run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "1.0.1");
    assert!(
        output(&ended, "reason").ends_with("image tags not consulted: this is a pull request"),
        "{}",
        ended.log
    );
    assert!(
        ended
            .summary
            .contains("| 1.0.0 | **1.0.1** | 1.0.1-kc26.7.6 | patch |"),
        "{}",
        ended.summary
    );
    assert_eq!(team.writes(), writes);
    // The event of this run is older than the label.
    let path = format!("issues/{number}/labels");
    team.api(
        &team.ada,
        "POST",
        &path,
        &json!({"labels": ["semver:minor"]}),
    );
    assert_eq!(tag_of(&step.run("bump-tag", &[])), "1.1.0");
}

#[test]
fn a_pull_request_is_told_what_the_release_after_its_merge_is_made_of() {
    let team = team();
    bump(&team, "HEAD");
    // The release of this merge never came.
    let one = propose(&team, "feat!: big", "", &[], 6);
    team.merge(one, "squash");
    let two = propose(&team, "fix: small", "", &[], 7);
    let told = dry_run(&team, two).run("bump-tag", &[]);
    let sha = team.merge(two, "squash");
    let reserved = bump(&team, &sha);
    assert_eq!(tag_of(&told), "2.0.0", "{}", told.log);
    assert_eq!(tag_of(&reserved), "2.0.0", "{}", reserved.log);
    assert!(output(&told, "reason").contains("the title of #1"));
}

#[test]
fn a_pull_request_is_told_what_will_stop_the_release_after_its_merge() {
    let team = team();
    bump(&team, "HEAD");
    let labels = ["semver:major", "semver:minor"];
    let one = propose(&team, "Bump it", "", &labels, 6);
    team.merge(one, "squash");
    let two = propose(&team, "fix: small", "", &[], 7);
    let told = dry_run(&team, two).run("bump-tag", &[]);
    assert_eq!(tag_of(&told), "1.0.1", "{}", told.log);
    let warning =
        "#1 has 2 labels: semver:major, semver:minor, which the next release of main will refuse";
    assert!(told.log.contains(warning), "{}", told.log);
}

#[test]
fn what_was_asked_for_in_vain_is_said() {
    let team = team();
    bump(&team, "HEAD");
    let number = team.propose(
        "Tell more",
        "",
        &["semver:major"],
        &[("docker/README.md", "text\n")],
    );
    let told = dry_run(&team, number).run("bump-tag", &[]);
    assert_eq!(tag_of(&told), "1.0.0", "{}", told.log);
    assert!(
        told.log.contains("does not count: nothing that the image"),
        "{}",
        told.log
    );
}

#[test]
fn a_merge_queue_reserves_nothing() {
    let team = team();
    let step = step(&team, "HEAD").env("GITHUB_EVENT_NAME", "merge_group");
    refused(&step.run("bump-tag", &[]), "a merge queue reserves no tag");
    assert!(tags(&team).is_empty());
}

#[test]
fn a_release_as_before_the_first_release_counts_wherever_it_stands() {
    let team = team();
    let body = "Bump it\n\nRelease-As: 5.0.0\n";
    team.commit(body, &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    let sha = team.commit("feat: it", &as_files(&image("26.7.7", &["g:a:1.0.0"])));
    let first = bump(&team, &sha);
    assert_eq!(tag_of(&first), "5.0.0", "{}", first.log);
}

#[test]
fn without_the_right_to_read_pull_requests_the_event_decides_and_that_is_said() {
    let team = team();
    bump(&team, "HEAD");
    let number = propose(&team, "Bump it", "", &["semver:minor"], 6);
    let token = team.job_token(&[("contents", Access::Read)]);
    let step = dry_run(&team, number).env("KECS_TOKEN", &token);
    let github = &team.account.world.github;
    github.configure(REPOSITORY, |options| options.private = true);
    let ended = step.run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "1.1.0");
    assert!(
        ended.log.contains("the token lacks `pull-requests: read`"),
        "{}",
        ended.log
    );
}

#[test]
fn a_release_that_may_not_read_pull_requests_is_told_the_permission() {
    let team = team();
    bump(&team, "HEAD");
    let sha = team.commit("Bump it", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    let token = team.job_token(&[("contents", Access::Write)]);
    let step = step(&team, &sha).env("KECS_TOKEN", &token);
    let github = &team.account.world.github;
    github.configure(REPOSITORY, |options| options.private = true);
    let ended = step.run("bump-tag", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("pull-requests: read"), "{}", ended.log);
}

#[test]
fn a_pull_request_reserves_nothing() {
    let team = team();
    bump(&team, "HEAD");
    let number = propose(&team, "Bump it", "", &[], 6);
    let ended = dry_run(&team, number)
        .env("KECS_DRY_RUN", "false")
        .run("bump-tag", &[]);
    refused(&ended, "a pull request reserves no tag");
    assert_eq!(tags(&team), ["keycloak-1.0.0"]);
}

#[test]
fn a_pull_request_from_a_fork_never_asks_aws() {
    let team = team();
    bump(&team, "HEAD");
    let number = propose(&team, "Bump it", "", &[], 6);
    let world = &team.account.world;
    let admin = world.iam.session("admin", "x", world.clock.unix() + 3600.0);
    let step = dry_run(&team, number)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", &admin.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &admin.secret)
        .env("AWS_SESSION_TOKEN", &admin.token);
    let path = step.folder.path().join("event.json");
    let event = std::fs::read_to_string(&path).unwrap();
    let mut event: serde_json::Value = serde_json::from_str(&event).unwrap();
    event["pull_request"]["head"]["repo"]["full_name"] = "eve/idp".into();
    std::fs::write(&path, event.to_string()).unwrap();
    let ended = step.run("bump-tag", &[]);
    assert_eq!(tag_of(&ended), "1.0.1");
    assert!(output(&ended, "reason").contains("this is a pull request from a fork"));
    assert_eq!(world.journal.count("ecr", "ListImages"), 0);
}

#[test]
fn bad_input_is_refused_before_anything_is_asked() {
    let team = team();
    let asked = || {
        team.account
            .world
            .journal
            .entries()
            .iter()
            .filter(|entry| entry.service == "github")
            .count()
    };
    let before = asked();
    let run = |name: &str, value: &str| step(&team, "HEAD").env(name, value).run("bump-tag", &[]);
    refused(&run("KECS_TOKEN", ""), "no GitHub token");
    refused(&run("KECS_CONTEXT", "images"), "`context` is \"images\"");
    refused(
        &run("KECS_FILE", "Containerfile"),
        "could not read docker/Containerfile",
    );
    refused(
        &run("KECS_TAG_PREFIX", "key cloak-"),
        "`tag-prefix` is \"key cloak-\"",
    );
    refused(
        &run("KECS_ADOPT_FROM", "latest"),
        "`adopt-from` is \"latest\", which holds no version",
    );
    refused(
        &run("KECS_DRY_RUN", "maybe"),
        "input `dry-run` is \"maybe\"",
    );
    refused(&run("GITHUB_SHA", ""), "GITHUB_SHA is not set");
    let broken = step(&team, "HEAD");
    std::fs::write(
        broken.folder.path().join("docker/providers.lock"),
        "version: 1\n",
    )
    .unwrap();
    refused(
        &broken.run("bump-tag", &[]),
        "docker/providers.lock is not as expected",
    );
    let event = step(&team, "HEAD")
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("KECS_DRY_RUN", "true");
    refused(&event.run("bump-tag", &[]), "GITHUB_EVENT_PATH is not set");
    assert_eq!(asked(), before);
}

#[test]
fn a_token_that_may_not_write_leaves_nothing_and_is_told_the_permission() {
    let team = team();
    let token = team.job_token(&[("contents", Access::Read), ("pull-requests", Access::Read)]);
    let ended = step(&team, "HEAD")
        .env("KECS_TOKEN", &token)
        .run("bump-tag", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("contents: write"), "{}", ended.log);
    assert_eq!(ended.outputs, "");
    assert!(tags(&team).is_empty());
}

#[test]
fn a_commit_that_github_does_not_have_is_named() {
    let team = team();
    let sha = team.commit_here("Not pushed", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    let ended = bump(&team, &sha);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains(&sha), "{}", ended.log);
    assert!(tags(&team).is_empty());
}
