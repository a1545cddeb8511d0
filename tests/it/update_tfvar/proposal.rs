//! One pull request, created, updated, closed, left alone.

use std::collections::BTreeMap;

use keycloak_ecs_actions::domain::inputs::Inputs;
use keycloak_ecs_actions::domain::release_record::Record;
use serde_json::json;
use world::github::RepositoryOptions;

use super::{BRANCH, CONTENT, FILE, content, forge, output, proposing, proposing_as, run, writes};
use crate::support::forge::{Forge, REPOSITORY, RIGHTS};

#[test]
fn a_value_becomes_one_signed_commit_and_one_pull_request_without_a_checkout() {
    let forge = forge();
    let before = forge.calls().len();
    let facts = "26 provider jars verified, 0 findings\n\n  <b>bold</b> | `1`\n";
    let ended = run(&proposing(&forge, "1.1.0").env("KECS_FACTS", facts));
    let calls = forge.calls().split_off(before);

    assert_eq!(forge.text("main", FILE), CONTENT);
    assert_eq!(forge.text(BRANCH, FILE), content("1.1.0", "sha256:aa"));
    assert_eq!(
        forge.git(&["rev-list", "--count", &format!("main..{BRANCH}")]),
        "1"
    );
    let tip = forge.tip(BRANCH).unwrap();
    let commit = forge.request("GET", &format!("{REPOSITORY}/commits/{tip}"), None);
    assert_eq!(commit["commit"]["verification"]["verified"], true);
    assert_eq!(commit["author"]["login"], "github-actions[bot]");
    let message = commit["commit"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("production: set keycloak_image_tag to 1.1.0\n\n"),
        "{message}"
    );
    assert!(message.contains("\"1.0.0\" -> \"1.1.0\""), "{message}");

    let pulls = forge.pulls();
    assert_eq!(pulls.len(), 1);
    let pull = &pulls[0];
    assert_eq!(pull.title, "production: set keycloak_image_tag to 1.1.0");
    assert_eq!(
        (pull.base_branch.as_str(), pull.head_branch.as_str()),
        ("main", BRANCH)
    );
    let body = pull.body.as_deref().unwrap();
    for part in [
        "| `keycloak_image_tag` | `1.0.0` | `1.1.0` |",
        "gh workflow run deploy.yml -f operation=rollback -f environment=production",
        "/acme/idp/actions/runs/77)",
        "\nWhat the run found:\n\n- 26 provider jars verified, 0 findings\n- &lt;b>bold&lt;/b> \\| `1`\n",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert_eq!(output(&ended, "pull-request-head-sha"), tip.as_str());
    assert_eq!(
        output(&ended, "pull-request-url"),
        format!("{}/acme/idp/pull/1", forge.world.urls.github)
    );
    assert!(
        ended.outputs.contains("pull-request-operation<<"),
        "{}",
        ended.outputs
    );
    assert!(
        ended
            .log
            .contains("-keycloak_image_tag    = \"1.0.0\" # release"),
        "{}",
        ended.log
    );
    assert!(
        ended
            .log
            .contains("+keycloak_image_tag    = \"1.1.0\" # release"),
        "{}",
        ended.log
    );
    assert!(
        ended.summary.contains("[#1](") && ended.summary.contains(") created"),
        "{}",
        ended.summary
    );
    assert!(calls.len() <= 8, "{calls:?}");
}

#[test]
fn the_same_value_again_writes_nothing_in_at_most_three_calls() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    let (everything, before) = (forge.everything(), forge.calls().len());
    let ended = run(&proposing(&forge, "1.1.0"));
    let calls = forge.calls().split_off(before);
    assert!(calls.len() <= 3 && writes(&calls) == 0, "{calls:?}");
    assert_eq!(forge.everything(), everything);
    assert_eq!(output(&ended, "pull-request-operation"), "none");
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert_eq!(output(&ended, "changed"), true);
}

#[test]
fn a_value_that_the_base_has_is_nothing_to_propose() {
    let forge = forge();
    let before = forge.calls().len();
    let ended = run(&proposing(&forge, "1.0.0"));
    let calls = forge.calls().split_off(before);
    assert!(calls.len() <= 3 && writes(&calls) == 0, "{calls:?}");
    assert_eq!(forge.pulls().len(), 0);
    assert_eq!(output(&ended, "pull-request-operation"), "none");
    assert_eq!(output(&ended, "changed"), false);
    assert!(ended.log.contains("main has it already"), "{}", ended.log);
    assert!(
        !ended.outputs.contains("pull-request-number"),
        "{}",
        ended.outputs
    );
}

#[test]
fn two_variables_are_one_commit() {
    let forge = forge();
    let step = proposing(&forge, "1.1.0").env(
        "KECS_VARIABLES",
        "keycloak_image_tag=1.1.0\nkeycloak_image_digest=sha256:bb\n",
    );
    run(&step);
    let branch = forge.pulls()[0].head_branch.clone();
    assert_ne!(branch, BRANCH, "another set of variables");
    assert_eq!(forge.text(&branch, FILE), content("1.1.0", "sha256:bb"));
    assert_eq!(
        forge.git(&["rev-list", "--count", &format!("main..{branch}")]),
        "1"
    );
    let body = forge.pulls()[0].body.clone().unwrap();
    assert!(
        body.contains("| `keycloak_image_digest` | `sha256:aa` | `sha256:bb` |"),
        "{body}"
    );
}

#[test]
fn a_newer_value_updates_the_pull_request_and_keeps_what_people_did() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.put(BRANCH, "README.md", b"Keycloak, ours\n");
    let edited = content("1.1.0", "sha256:aa").replace("# release", "# release, see the wiki");
    forge.put(BRANCH, FILE, edited.as_bytes());
    let body = forge.pulls()[0].body.clone().unwrap();
    forge.patch(
        1,
        json!({"body": format!("Please look at the theme.\r\n\r\n{body}\r\nThanks!")}),
    );

    let before = forge.calls().len();
    let ended = run(&proposing(&forge, "1.2.0"));
    let calls = forge.calls().split_off(before);
    assert!(calls.len() <= 7, "{calls:?}");
    assert_eq!(output(&ended, "pull-request-operation"), "updated");
    assert_eq!(output(&ended, "pull-request-number"), 1);
    assert_eq!(
        output(&ended, "pull-request-head-sha"),
        forge.tip(BRANCH).unwrap()
    );
    assert_eq!(forge.text(BRANCH, FILE), edited.replace("1.1.0", "1.2.0"));
    assert_eq!(forge.text(BRANCH, "README.md"), "Keycloak, ours\n");
    assert_eq!(
        forge.git(&["rev-list", "--count", &format!("main..{BRANCH}")]),
        "4"
    );
    let pulls = forge.pulls();
    assert_eq!(pulls.len(), 1);
    assert_eq!(
        pulls[0].title,
        "production: set keycloak_image_tag to 1.2.0"
    );
    let body = pulls[0].body.clone().unwrap();
    assert!(
        body.starts_with("Please look at the theme.\r\n\r\n<!-- update-tfvar: "),
        "{body}"
    );
    assert!(
        body.ends_with("<!-- /update-tfvar -->\r\nThanks!"),
        "{body}"
    );
    assert!(body.contains("| `1.0.0` | `1.2.0` |"), "{body}");
    assert!(!body.contains("1.1.0"), "{body}");
}

#[test]
fn a_title_that_a_person_wrote_stays() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.patch(1, json!({"title": "Keycloak with the new theme"}));
    run(&proposing(&forge, "1.2.0"));
    assert_eq!(forge.pulls()[0].title, "Keycloak with the new theme");
}

#[test]
fn a_description_without_our_part_gets_one_and_loses_nothing() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.patch(1, json!({"body": "All mine."}));
    run(&proposing(&forge, "1.1.0"));
    let body = forge.pulls()[0].body.clone().unwrap();
    assert!(
        body.starts_with("All mine.\n\n<!-- update-tfvar: "),
        "{body}"
    );
}

#[test]
fn labels_people_milestone_and_draft_are_set_on_a_new_pull_request() {
    let forge = Forge::new(
        RepositoryOptions {
            actions_can_create_pull_requests: true,
            milestones: vec!["Autumn".to_owned()],
            ..RepositoryOptions::default()
        },
        &[(FILE, CONTENT.as_bytes())],
    );
    forge.world.github.person_token("grace");
    let step = proposing(&forge, "1.1.0")
        .env("KECS_TITLE", "Release 1.1.0")
        .env("KECS_BODY", "From the release workflow.")
        .env("KECS_LABELS", "image, terraform")
        .env("KECS_REVIEWERS", "ada\ngrace")
        .env("KECS_ASSIGNEES", "ada")
        .env("KECS_MILESTONE", "1")
        .env("KECS_DRAFT", "true");
    let ended = run(&step);
    let pull = &forge.pulls()[0];
    assert_eq!(pull.title, "Release 1.1.0");
    assert!(
        pull.body
            .as_ref()
            .unwrap()
            .starts_with("From the release workflow.\n\n<!--")
    );
    assert_eq!(pull.labels, ["image", "terraform"]);
    assert_eq!(pull.reviewers, ["ada", "grace"]);
    assert_eq!(pull.assignees, ["ada"]);
    assert_eq!(pull.milestone, Some(1));
    assert!(pull.draft);
    assert!(!ended.log.contains("::warning"), "{}", ended.log);
}

#[test]
fn a_reviewer_who_cannot_be_asked_is_a_warning_and_the_pull_request_stands() {
    let forge = forge();
    let step = proposing(&forge, "1.1.0")
        .env("KECS_REVIEWERS", "nobody")
        .env("KECS_TEAM_REVIEWERS", "platform");
    let ended = run(&step);
    assert_eq!(forge.open_pulls().len(), 1);
    assert!(ended.log.contains("::warning"), "{}", ended.log);
    assert!(ended.log.contains("not a collaborator"), "{}", ended.log);
}

#[test]
fn bytes_that_are_no_plain_text_stay_as_they_are() {
    let text = "\u{feff}# Prod\r\nkeycloak_image_tag\t=\t\"1.0.0\"\t// größe\r\nnote = <<EOT\r\nkeycloak_image_tag = \"1.0.0\"\r\nEOT\r\nlast = 1";
    let forge = Forge::open(&[(FILE, text.as_bytes())]);
    run(&proposing(&forge, "1.1.0"));
    let wanted = text.replacen("1.0.0", "1.1.0", 1);
    assert_eq!(forge.bytes(BRANCH, FILE), wanted.as_bytes());
}

#[test]
fn a_default_in_a_module_at_the_root_of_another_branch_can_be_set() {
    let module = "variable \"images\" {\n  default = {\n    keycloak = \"1.0.0\"\n  }\n}\n";
    let forge = Forge::open(&[("README.md", b"x\n")]);
    let tip = forge.tip("main").unwrap();
    let body = json!({"ref": "refs/heads/stage", "sha": tip});
    forge.request("POST", &format!("{REPOSITORY}/git/refs"), Some(body));
    forge.put("stage", "variables.tf", module.as_bytes());
    let step = forge
        .step(&forge.job_token(&RIGHTS))
        .env("KECS_FILE", "./variables.tf")
        .env("KECS_VARIABLES", "images.keycloak=1.1.0")
        .env("KECS_BASE", "stage");
    run(&step);
    assert_eq!(forge.pulls()[0].base_branch, "stage");
    assert_eq!(
        forge.text(
            "update-tfvar/variables/images-keycloak-856231",
            "variables.tf"
        ),
        module.replace("1.0.0", "1.1.0")
    );
}

#[test]
fn the_description_says_what_is_different_in_the_image() {
    let forge = forge();
    for (tag, keycloak, jars) in [
        ("1.0.0", "26.7.4", &["g:kept:1.0.0", "g:gone:2.0.0"]),
        ("1.1.0", "26.7.5", &["g:kept:1.0.1", "g:new:3.0.0"]),
    ] {
        let record = Record {
            inputs: Inputs {
                digest: format!(
                    "sha256:{}",
                    tag.replace('.', "").repeat(22)[..64].to_owned()
                ),
                keycloak: keycloak.to_owned(),
                providers: jars.iter().map(|jar| jar.parse().unwrap()).collect(),
                parts: BTreeMap::new(),
            },
            previous: None,
        };
        let message = record.message(&tag.parse().unwrap(), "for a test");
        let main = forge.tip("main").unwrap();
        let name = format!("keycloak-{tag}");
        let body = json!({"tag": name, "message": message, "object": main, "type": "commit"});
        let made = forge.request("POST", &format!("{REPOSITORY}/git/tags"), Some(body));
        let body = json!({"ref": format!("refs/tags/{name}"), "sha": made["sha"]});
        forge.request("POST", &format!("{REPOSITORY}/git/refs"), Some(body));
    }
    run(&proposing(&forge, "1.1.0"));
    let body = forge.pulls()[0].body.clone().unwrap();
    for part in [
        "- Keycloak 26.7.4 → 26.7.5",
        "- g:kept 1.0.0 → 1.0.1",
        "- g:new 3.0.0 added",
        "- g:gone 2.0.0 removed",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
}

#[test]
fn an_enterprise_server_has_its_apis_elsewhere() {
    let forge = forge();
    let step = proposing(&forge, "1.1.0").env(
        "GITHUB_API_URL",
        &format!("{}/api/v3", forge.world.urls.github),
    );
    run(&step);
    assert_eq!(forge.open_pulls().len(), 1);
}

#[test]
fn a_limit_that_asks_to_wait_is_waited_for() {
    let forge = forge();
    forge.world.github.slow_down(2, 20);
    let step = proposing(&forge, "1.1.0")
        .env("AWS_ENDPOINT_URL", &forge.world.urls.aws)
        .env("KECS_TIME_SCALE", "50");
    let ended = run(&step);
    assert_eq!(forge.open_pulls().len(), 1);
    assert_eq!(
        ended.log.matches("looking again in 2").count(),
        2,
        "{}",
        ended.log
    );
}

#[test]
fn a_limit_that_asks_for_too_long_ends_the_run() {
    let forge = forge();
    forge.world.github.slow_down(1, 600);
    let ended = proposing(&forge, "1.1.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("Start this again in 600 s."),
        "{}",
        ended.log
    );
    assert_eq!(forge.pulls().len(), 0);
}

#[test]
fn another_repository_is_reached_with_a_token_for_it() {
    let forge = forge();
    let step = proposing_as(&forge, &forge.app_token(), "1.1.0")
        .env("GITHUB_REPOSITORY", "acme/themes")
        .env("KECS_REPOSITORY", REPOSITORY);
    run(&step);
    assert_eq!(forge.pulls()[0].author, "release-bot[bot]");
}
