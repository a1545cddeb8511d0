//! What becomes of a proposal that others, people or newer values meet.

use serde_json::json;

use super::{BRANCH, CONTENT, FILE, content, forge, output, proposing, run};
use crate::support::forge::{Forge, REPOSITORY};

#[test]
fn an_older_run_that_is_late_leaves_the_newer_value() {
    let forge = forge();
    run(&proposing(&forge, "1.2.0"));
    let everything = forge.everything();
    let ended = run(&proposing(&forge, "1.1.0"));
    assert_eq!(forge.everything(), everything);
    assert_eq!(output(&ended, "pull-request-operation"), "none");
    assert!(ended.log.contains("newer value"), "{}", ended.log);
    run(&proposing(&forge, "1.1.0").env("KECS_ALLOW_DOWNGRADE", "true"));
    assert_eq!(forge.text(BRANCH, FILE), content("1.1.0", "sha256:aa"));
}

#[test]
fn what_a_person_closed_is_not_proposed_again() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.patch(1, json!({"state": "closed"}));
    let everything = forge.everything();
    let ended = run(&proposing(&forge, "1.1.0"));
    assert_eq!(forge.everything(), everything);
    assert_eq!(output(&ended, "pull-request-operation"), "none");
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert!(ended.log.contains("closed by a person"), "{}", ended.log);

    // Another value is a new proposal, on a branch without the old commits.
    let ended = run(&proposing(&forge, "1.2.0"));
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert_eq!(output(&ended, "pull-request-number"), 2);
    assert_eq!(
        forge.git(&["rev-list", "--count", &format!("main..{BRANCH}")]),
        "1"
    );
}

#[test]
fn a_way_back_is_proposed_again_once_the_base_has_changed() {
    let forge = forge();
    let back = || proposing(&forge, "0.9.0").env("KECS_ALLOW_DOWNGRADE", "true");
    run(&back());
    forge.patch(1, json!({"state": "closed"}));
    assert_eq!(output(&run(&back()), "pull-request-operation"), "none");
    forge.put("main", FILE, content("1.1.0", "sha256:aa").as_bytes());
    assert_eq!(output(&run(&back()), "pull-request-operation"), "created");
}

#[test]
fn a_branch_that_was_merged_and_not_deleted_starts_anew() {
    for method in ["merge", "squash"] {
        let forge = forge();
        run(&proposing(&forge, "1.1.0"));
        forge.put(BRANCH, "notes.md", b"a note\n");
        forge.merge(1, method);
        let ended = run(&proposing(&forge, "1.2.0"));
        assert_eq!(output(&ended, "pull-request-number"), 2, "{method}");
        assert_eq!(
            forge.git(&["rev-list", "--count", &format!("main..{BRANCH}")]),
            "1"
        );
        assert_eq!(forge.text(BRANCH, FILE), content("1.2.0", "sha256:aa"));
        assert_eq!(forge.text(BRANCH, "notes.md"), "a note\n");
        forge.merge(2, method);
        assert_eq!(forge.text("main", FILE), content("1.2.0", "sha256:aa"));
    }
}

#[test]
fn a_branch_without_a_pull_request_is_carried_on() {
    let forge = forge();
    let tip = forge.tip("main").unwrap();
    let body = json!({"ref": format!("refs/heads/{BRANCH}"), "sha": tip});
    forge.request("POST", &format!("{REPOSITORY}/git/refs"), Some(body));
    forge.put(BRANCH, "notes.md", b"a note\n");
    run(&proposing(&forge, "1.1.0"));
    assert_eq!(forge.text(BRANCH, "notes.md"), "a note\n");
    assert_eq!(forge.text(BRANCH, FILE), content("1.1.0", "sha256:aa"));
    assert_eq!(forge.open_pulls().len(), 1);
}

#[test]
fn a_pull_request_on_another_branch_is_superseded_with_a_link() {
    let forge = forge();
    let on = |branch: &str, tag: &str| proposing(&forge, tag).env("KECS_BRANCH", branch);
    run(&on("bump/1.1.0", "1.1.0"));
    let ended = run(&on("bump/1.2.0", "1.2.0"));
    assert_eq!(output(&ended, "pull-request-number"), 2);
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    let pulls = forge.pulls();
    assert!(!pulls[0].open && pulls[1].open);
    assert_eq!(pulls[0].comments[0].body, "Superseded by #2.");
    assert_eq!(
        forge.text("bump/1.1.0", FILE),
        content("1.1.0", "sha256:aa")
    );

    // An older run that is late has nothing to say, and what this action closed is no tombstone.
    let ended = run(&on("bump/1.1.5", "1.1.5"));
    assert_eq!(output(&ended, "pull-request-number"), 2);
    assert_eq!(forge.pulls().len(), 2);
    forge.patch(2, json!({"state": "closed"}));
    let ended = run(&on("bump/1.1.0", "1.1.0"));
    assert_eq!(output(&ended, "pull-request-operation"), "created");
}

#[test]
fn a_pull_request_for_another_file_is_none_of_our_business() {
    let staging = "terraform/environments/staging/image.auto.tfvars";
    let forge = Forge::open(&[(FILE, CONTENT.as_bytes()), (staging, CONTENT.as_bytes())]);
    run(&proposing(&forge, "1.1.0"));
    run(&proposing(&forge, "1.1.0").env("KECS_FILE", staging));
    assert_eq!(forge.open_pulls().len(), 2);
}

#[test]
fn a_proposal_that_the_base_has_overtaken_is_closed() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.put("main", FILE, content("1.2.0", "sha256:aa").as_bytes());
    let ended = run(&proposing(&forge, "1.2.0"));
    assert_eq!(output(&ended, "pull-request-operation"), "closed");
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert!(!forge.pulls()[0].open);
    assert_eq!(forge.pulls()[0].comments[0].body, "main has this already.");
}

#[test]
fn a_fork_cannot_speak_for_the_repository() {
    let forge = forge();
    let mallory = forge.world.github.outsider_token("mallory");
    forge.request_as(
        &mallory,
        "POST",
        &format!("{REPOSITORY}/forks"),
        Some(json!({})),
    );
    let main = forge.tip("main").unwrap();
    let body = json!({"ref": format!("refs/heads/{BRANCH}"), "sha": main});
    forge.request_as(&mallory, "POST", "mallory/idp/git/refs", Some(body));
    let file = json!({"message": "x", "content": "eA==", "branch": BRANCH});
    forge.request_as(&mallory, "PUT", "mallory/idp/contents/x", Some(file));
    for (tag, state) in [("9.9.9", "open"), ("1.1.0", "closed")] {
        let mark =
            json!({"file": FILE, "from": {}, "to": {"keycloak_image_tag": tag}, "title": ""});
        let body = json!({
            "title": "x",
            "head": format!("mallory:{BRANCH}"),
            "base": "main",
            "body": format!("<!-- update-tfvar: {mark} -->"),
        });
        if state == "closed" {
            forge.patch(1, json!({"state": "closed"}));
        }
        forge.request_as(&mallory, "POST", &format!("{REPOSITORY}/pulls"), Some(body));
    }
    forge.patch(2, json!({"state": "closed"}));
    forge.patch(1, json!({"state": "open"}));
    let ended = run(&proposing(&forge, "1.1.0"));
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert!(forge.pulls()[0].open, "it is not ours to close");
}

#[test]
fn a_conflict_with_the_base_is_a_warning() {
    let forge = forge();
    run(&proposing(&forge, "1.2.0"));
    forge.put("main", FILE, content("1.1.0", "sha256:aa").as_bytes());
    let ended = run(&proposing(&forge, "1.3.0"));
    assert!(ended.log.contains("::warning"), "{}", ended.log);
    assert!(
        ended.log.contains("conflicts with its base"),
        "{}",
        ended.log
    );
    assert_eq!(forge.text(BRANCH, FILE), content("1.3.0", "sha256:aa"));
    let body = forge.pulls()[0].body.clone().unwrap();
    assert!(body.contains("| `1.1.0` | `1.3.0` |"), "{body}");
}

#[test]
fn commits_of_people_outlive_that_this_action_closed_their_pull_request() {
    let forge = forge();
    let on = |branch: &str, tag: &str| proposing(&forge, tag).env("KECS_BRANCH", branch);
    run(&on("bump/1.1.0", "1.1.0"));
    forge.put("bump/1.1.0", "notes.md", b"a note\n");
    run(&on("bump/1.2.0", "1.2.0"));
    assert!(!forge.pulls()[0].open);
    forge.patch(2, json!({"state": "closed"}));
    let ended = run(&on("bump/1.1.0", "1.1.5"));
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert_eq!(forge.text("bump/1.1.0", "notes.md"), "a note\n");
    assert_eq!(
        forge.text("bump/1.1.0", FILE),
        content("1.1.5", "sha256:aa")
    );
}

#[test]
fn a_pull_request_that_holds_work_of_people_is_not_closed_for_them() {
    // Somebody else's, on the branch that is named.
    let forge = forge();
    let tip = forge.tip("main").unwrap();
    let made = json!({"ref": "refs/heads/feature/x", "sha": tip});
    forge.request("POST", &format!("{REPOSITORY}/git/refs"), Some(made));
    forge.put("feature/x", "notes.md", b"a note\n");
    let pull = json!({"title": "Mine", "head": "feature/x", "base": "main", "body": "work"});
    forge.request("POST", &format!("{REPOSITORY}/pulls"), Some(pull));
    let ended = run(&proposing(&forge, "1.0.0").env("KECS_BRANCH", "feature/x"));
    assert!(forge.pulls()[0].open, "{}", ended.log);
    assert!(ended.log.contains("stays open"), "{}", ended.log);

    // Ours, with a commit of theirs.
    run(&proposing(&forge, "1.1.0"));
    forge.put(BRANCH, "more.md", b"more\n");
    forge.put("main", FILE, content("1.1.0", "sha256:aa").as_bytes());
    run(&proposing(&forge, "1.1.0"));
    assert!(forge.pulls()[1].open);

    // Closed by a person, and another value: the commit stays.
    forge.patch(2, json!({"state": "closed"}));
    run(&proposing(&forge, "1.2.0"));
    assert_eq!(forge.text(BRANCH, "more.md"), "more\n");
}

#[test]
fn the_same_values_in_another_order_are_the_same_proposal() {
    let forge = forge();
    let with = |variables: &str| proposing(&forge, "1.1.0").env("KECS_VARIABLES", variables);
    run(&with(
        "keycloak_image_tag=1.1.0\nkeycloak_image_digest=sha256:bb",
    ));
    let everything = forge.everything();
    let other = "keycloak_image_digest=sha256:bb\nkeycloak_image_tag=1.1.0";
    for step in [with(other), with(other).env("KECS_BASE", "main")] {
        let ended = run(&step);
        assert_eq!(output(&ended, "pull-request-number"), 1);
        assert_eq!(output(&ended, "pull-request-operation"), "none");
        assert_eq!(forge.everything(), everything);
    }
}

#[test]
fn what_a_person_closed_stays_closed_while_another_value_is_proposed() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.patch(1, json!({"state": "closed"}));
    run(&proposing(&forge, "1.2.0"));
    let everything = forge.everything();
    let ended = run(&proposing(&forge, "1.1.0").env("KECS_ALLOW_DOWNGRADE", "true"));
    assert_eq!(forge.everything(), everything);
    assert!(ended.log.contains("closed by a person"), "{}", ended.log);
}

#[test]
fn a_pull_request_that_set_more_says_what_is_lost_with_it() {
    let forge = forge();
    let both = "keycloak_image_tag=1.1.0\nkeycloak_image_digest=sha256:bb";
    run(&proposing(&forge, "1.1.0").env("KECS_VARIABLES", both));
    run(&proposing(&forge, "1.2.0"));
    let pulls = forge.pulls();
    assert!(!pulls[0].open && pulls[1].open);
    let told = &pulls[0].comments[0].body;
    assert!(told.contains("It also set keycloak_image_digest"), "{told}");
}

#[test]
fn a_comment_that_only_looks_like_ours_is_left_alone() {
    let forge = forge();
    let step = |tag: &str| {
        proposing(&forge, tag).env("KECS_BODY", "Mine.\n<!-- update-tfvar: not JSON -->")
    };
    run(&step("1.1.0"));
    let everything = forge.everything();
    assert_eq!(
        output(&run(&step("1.1.0")), "pull-request-operation"),
        "none"
    );
    assert_eq!(forge.everything(), everything);
    run(&step("1.2.0"));
    let body = forge.pulls()[0].body.clone().unwrap();
    assert!(
        body.starts_with("Mine.\n<!-- update-tfvar: not JSON -->") && body.contains("| `1.2.0` |"),
        "{body}"
    );
}
