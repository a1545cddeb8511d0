//! What is refused, in which words, and that nothing is written then.

use world::github::{Access, RepositoryOptions};

use super::{BRANCH, CONTENT, FILE, content, forge, output, proposing, proposing_as, run};
use crate::support::Step;
use crate::support::forge::{Forge, REPOSITORY};
use crate::support::untrusted::Untrusted;

#[test]
fn a_lost_secret_is_no_other_token_and_no_local_edit() {
    let forge = forge();
    let before = forge.calls().len();
    let step = proposing(&forge, "1.1.0")
        .env("KECS_TOKEN", "")
        .env("GITHUB_TOKEN", &forge.person)
        .env("GH_TOKEN", &forge.person);
    let path = step.folder.path().join(FILE);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, CONTENT).unwrap();
    let ended = step.run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("the input `token` is empty")
            || ended.log.contains("The input `token` is empty"),
        "{}",
        ended.log
    );
    assert_eq!(forge.calls().len(), before);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), CONTENT);
    assert_eq!(ended.outputs, "");
}

#[test]
fn check_on_github_reads_the_base_and_writes_nothing() {
    let forge = forge();
    let everything = forge.everything();
    let ended = proposing(&forge, "1.1.0")
        .env("KECS_CHECK", "true")
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 3, "{}", ended.log);
    assert!(
        ended
            .log
            .contains("+keycloak_image_tag    = \"1.1.0\" # release"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains(&format!("file={FILE},line=2")),
        "{}",
        ended.log
    );
    assert_eq!(forge.everything(), everything);
    let same = proposing(&forge, "1.0.0").env("KECS_CHECK", "true");
    assert_eq!(output(&run(&same), "changed"), false);
}

#[test]
fn a_lower_version_needs_a_word() {
    let forge = forge();
    let everything = forge.everything();
    let ended = proposing(&forge, "0.9.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("allow-downgrade"), "{}", ended.log);
    assert!(
        ended.log.contains(&format!("file={FILE},line=2")),
        "{}",
        ended.log
    );
    assert_eq!(forge.everything(), everything);
    run(&proposing(&forge, "0.9.0").env("KECS_ALLOW_DOWNGRADE", "true"));
    assert_eq!(forge.text(BRANCH, FILE), content("0.9.0", "sha256:aa"));
}

#[test]
fn bad_input_is_one_annotation_and_nothing_written() {
    let forge = Forge::open(&[
        (FILE, CONTENT.as_bytes()),
        ("t/z.auto.tfvars", b"tag = \"1\"\nsize = 2\n"),
        ("t/a.auto.tfvars", b"tag = \"1\"\n"),
        ("t/broken.tfvars", b"tag = \n"),
        ("t/image.tfvars.json", b"{}"),
        ("t/binary.tfvars", b"tag = \"\xff\xfe\"\n"),
    ]);
    let everything = forge.everything();
    for (name, value, reason) in [
        ("KECS_FILE", "", "missing: input `file`"),
        ("KECS_VARIABLES", "", "missing: input `variables`"),
        ("KECS_VARIABLES", "keycloak_image_tag", "has no `=`"),
        ("KECS_VARIABLES", "keycloak_image_tag=", "has no value"),
        (
            "KECS_VARIABLES",
            "keycloak_image_tag=${{ x }}",
            "an expression",
        ),
        ("KECS_VARIABLES", "a=1\na=2", "given twice"),
        ("KECS_VARIABLES", "other=1.1.0", "has no variable other"),
        ("KECS_VARIABLES", "keycloak_image_tag.x=1", "has no key x"),
        ("KECS_FILE", "/etc/passwd", "no path from the root"),
        ("KECS_FILE", "../image.tfvars", "no path from the root"),
        ("KECS_FILE", "values.yml", "neither *.tfvars nor *.tf"),
        ("KECS_FILE", "t/image.tfvars.json", "is JSON"),
        ("KECS_FILE", "no/such.tfvars", "is not in acme/idp on main"),
        ("KECS_FILE", "t/no.tfvars", "is not in acme/idp on main"),
        ("KECS_FILE", "t/broken.tfvars", "not valid HCL"),
        ("KECS_FILE", "t/binary.tfvars", "is not UTF-8"),
        (
            "KECS_BASE",
            "no-such-branch",
            "has no branch no-such-branch",
        ),
        ("KECS_BASE", "a b", "cannot be the name of a branch"),
        ("KECS_BRANCH", "a..b", "cannot be the name of a branch"),
        ("KECS_BRANCH", "main", "which the pull request would be for"),
        ("KECS_REPOSITORY", "idp", "not owner/name"),
        ("KECS_REPOSITORY", "acme/i dp", "not owner/name"),
        ("KECS_AUTO_MERGE", "yes", "must be true or false"),
        ("KECS_DRAFT", "1", "must be true or false"),
        ("KECS_LOCAL", "here", "must be true or false"),
        ("KECS_MILESTONE", "Autumn", "input `milestone`"),
    ] {
        let ended = proposing(&forge, "1.1.0")
            .env(name, value)
            .run("update-tfvar", &[]);
        assert_eq!(ended.code, 2, "{name}={value}: {}", ended.log);
        assert!(ended.log.contains(reason), "{name}={value}: {}", ended.log);
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert_eq!(ended.outputs, "", "{name}={value}");
    }
    for (file, variables, reason, place) in [
        (
            "t/a.auto.tfvars",
            "tag=2",
            "wins over",
            "file=t/z.auto.tfvars,line=1",
        ),
        (
            "t/z.auto.tfvars",
            "size=2",
            "is a number",
            "file=t/z.auto.tfvars,line=2",
        ),
    ] {
        let ended = proposing(&forge, "1.1.0")
            .env("KECS_FILE", file)
            .env("KECS_VARIABLES", variables)
            .run("update-tfvar", &[]);
        assert_eq!(ended.code, 2, "{}", ended.log);
        assert!(
            ended.log.contains(reason) && ended.log.contains(place),
            "{}",
            ended.log
        );
    }
    let same = proposing(&forge, "1.1.0")
        .env("KECS_BASE", "main")
        .env("KECS_BRANCH", "main")
        .run("update-tfvar", &[]);
    assert!(
        same.code == 2 && same.log.contains("both main"),
        "{}",
        same.log
    );
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_missing_permission_is_named_as_yaml() {
    for (rights, reason) in [
        (
            &[("contents", Access::Read), ("pull-requests", Access::Write)],
            "contents: write",
        ),
        (
            &[("contents", Access::Write), ("pull-requests", Access::Read)],
            "pull-requests: write",
        ),
    ] {
        let forge = forge();
        let ended =
            proposing_as(&forge, &forge.job_token(rights), "1.1.0").run("update-tfvar", &[]);
        assert_eq!(ended.code, 6, "{}", ended.log);
        assert!(ended.log.contains(reason), "{}", ended.log);
        assert!(
            ended.log.contains("Resource not accessible by integration"),
            "{}",
            ended.log
        );
        assert_eq!(ended.log.matches("::error ").count(), 1, "{}", ended.log);
        assert_eq!(forge.pulls().len(), 0);
    }
}

#[test]
fn a_token_that_is_worthless_or_sees_nothing_is_told_so() {
    let forge = forge();
    let ended = proposing_as(&forge, "ghs_nonsense", "1.1.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("The token is not valid"),
        "{}",
        ended.log
    );
    let ended = proposing(&forge, "1.1.0")
        .env("KECS_REPOSITORY", "acme/secret")
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(ended.log.contains("permissions:"), "{}", ended.log);
}

#[test]
fn the_setting_that_forbids_pull_requests_is_named_and_the_next_run_goes_on() {
    let forge = Forge::new(RepositoryOptions::default(), &[(FILE, CONTENT.as_bytes())]);
    let everything = forge.everything();
    let ended = proposing(&forge, "1.1.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert_eq!(forge.everything(), everything, "{}", ended.log);
    for part in [
        "Allow GitHub Actions to create and approve pull requests",
        "Settings, Actions, General",
        "Nothing was written.",
    ] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
    forge.world.github.configure(REPOSITORY, |options| {
        options.actions_can_create_pull_requests = true;
    });
    let ended = run(&proposing(&forge, "1.1.0"));
    assert_eq!(output(&ended, "pull-request-operation"), "created");
    assert_eq!(
        forge.git(&["rev-list", "--count", &format!("main..{BRANCH}")]),
        "1"
    );
}

#[test]
fn a_branch_that_people_broke_is_named() {
    let forge = forge();
    run(&proposing(&forge, "1.1.0"));
    forge.put(BRANCH, FILE, b"keycloak_image_tag = var.x\n");
    let everything = forge.everything();
    let ended = proposing(&forge, "1.2.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains(&format!("on the branch {BRANCH}")),
        "{}",
        ended.log
    );
    assert_eq!(forge.everything(), everything);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let ended = Step::new()
        .env("KECS_TOKEN", "x")
        .env("KECS_FILE", FILE)
        .env("KECS_VARIABLES", "a=1")
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("GITHUB_API_URL", "http://127.0.0.1:9")
        .env("GITHUB_GRAPHQL_URL", "http://127.0.0.1:9/graphql")
        .env("KECS_TIME_SCALE", "100")
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    assert!(
        ended.log.contains("could not read acme/idp"),
        "{}",
        ended.log
    );
}

#[test]
fn a_server_that_is_not_trusted_is_asked_once() {
    let server = Untrusted::start();
    let ended = Step::new()
        .env("KECS_TOKEN", "x")
        .env("KECS_FILE", FILE)
        .env("KECS_VARIABLES", "a=1")
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("GITHUB_API_URL", &server.url())
        .env("GITHUB_GRAPHQL_URL", &format!("{}/graphql", server.url()))
        .run("update-tfvar", &[]);
    assert_eq!(ended.code, 6, "{}", ended.log);
    for told in ["invalid peer certificate", "SSL_CERT_FILE"] {
        assert!(ended.log.contains(told), "{}", ended.log);
    }
    assert!(!ended.log.contains("looking again"), "{}", ended.log);
}

#[test]
fn a_link_beside_the_file_counts_with_what_it_points_to() {
    let shared = "terraform/shared.auto.tfvars";
    let forge = Forge::open(&[
        (FILE, CONTENT.as_bytes()),
        (shared, b"keycloak_image_tag = \"9\"\n"),
    ]);
    forge.link(
        "terraform/environments/production/z.auto.tfvars",
        "../../shared.auto.tfvars",
    );
    let ended = proposing(&forge, "1.1.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(
        ended.log.contains("z.auto.tfvars sets keycloak_image_tag"),
        "{}",
        ended.log
    );
    forge.put("main", shared, b"region = \"eu-west-1\"\n");
    run(&proposing(&forge, "1.1.0"));
}

#[test]
fn who_cannot_be_assigned_is_named() {
    let forge = forge();
    let ended = run(&proposing(&forge, "1.1.0").env("KECS_ASSIGNEES", "ada, ghost"));
    assert!(
        ended.log.contains("#1 is not assigned to ghost"),
        "{}",
        ended.log
    );
}

#[test]
fn a_token_is_one_word() {
    let forge = forge();
    let token = forge.job_token(&crate::support::forge::RIGHTS);
    run(&proposing_as(&forge, &format!("{token}\n"), "1.1.0"));
    let ended = proposing_as(&forge, "ghs_0123\nghs_4567", "1.2.0").run("update-tfvar", &[]);
    assert_eq!(ended.code, 2, "{}", ended.log);
    assert!(ended.log.contains("line break"), "{}", ended.log);
}
