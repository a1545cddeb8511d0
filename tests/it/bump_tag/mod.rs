//! `bump-tag` against the stand-ins: real commits and tags in a real git repository, behind GitHub's API.

mod concurrent;
mod elsewhere;
mod requests;

use world::github::Access;

use crate::support::team::{Team, git};
use crate::support::{Ended, Step};

/// A Dockerfile and a lock with these jars.
fn image(keycloak: &str, jars: &[&str]) -> [(&'static str, String); 2] {
    let mut lock = format!("version: 1\nkeycloak: {keycloak}\nproviders:\n");
    for jar in jars {
        let parts: Vec<&str> = jar.split(':').collect();
        let [group, artifact, version] = parts[..] else {
            panic!("{jar}")
        };
        lock += &format!(
            "- file: {artifact}-{version}.jar\n  purl: pkg:maven/{group}/{artifact}@{version}\n  sha256: {}\n  size: 1\n  \
             origin: maven-central\n",
            "a".repeat(64)
        );
    }
    if jars.is_empty() {
        lock = lock.replace("providers:\n", "providers: []\n");
    }
    [
        (
            "docker/Dockerfile",
            format!("ARG KEYCLOAK_VERSION={keycloak}\nFROM scratch\n"),
        ),
        ("docker/providers.lock", lock),
    ]
}

fn as_files<'a>(files: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect()
}

/// A team with an image of Keycloak 26.7.5 and one jar.
fn team() -> Team {
    Team::with(&as_files(&image("26.7.5", &["g:a:1.0.0"])))
}

/// The step that reserves, at a commit.
fn step(team: &Team, sha: &str) -> Step {
    let token = team.job_token(&[("contents", Access::Write), ("pull-requests", Access::Read)]);
    team.step(sha).env("KECS_TOKEN", &token)
}

fn bump(team: &Team, sha: &str) -> Ended {
    step(team, sha).run("bump-tag", &[])
}

/// The tag that a run reserved or would reserve.
fn tag_of(ended: &Ended) -> String {
    assert_eq!(ended.code, 0, "{}", ended.log);
    output(ended, "tag")
}

/// An output; of a step that ran twice the newer one.
fn output(ended: &Ended, name: &str) -> String {
    let mark = format!("{name}<<");
    let lines: Vec<&str> = ended.outputs.lines().collect();
    let at = lines.iter().rposition(|line| line.starts_with(&mark));
    at.and_then(|at| lines.get(at + 1))
        .map_or_else(String::new, |value| (*value).to_owned())
}

/// Names of the tags on GitHub, as git sees them.
fn tags(team: &Team) -> Vec<String> {
    let listed = team.git(&["ls-remote", "--tags", "--refs", "origin"]);
    let name = |line: &str| line.split("refs/tags/").nth(1).map(str::to_owned);
    listed.lines().filter_map(name).collect()
}

#[test]
fn the_first_release_is_reserved_as_an_annotated_tag_that_git_can_read() {
    let team = team();
    let sha = team.git(&["rev-parse", "HEAD"]);
    let ended = bump(&team, &sha);
    assert_eq!(tag_of(&ended), "1.0.0");
    assert_eq!(output(&ended, "alias"), "1.0.0-kc26.7.5");
    assert_eq!(output(&ended, "previous-tag"), "");
    assert_eq!(output(&ended, "changed"), "true");
    assert_eq!(
        output(&ended, "reason"),
        "1.0.0: first release; image tags not consulted: no `repository` is given"
    );
    assert!(
        ended.summary.contains("reserved `1.0.0`"),
        "{}",
        ended.summary
    );
    team.git(&["fetch", "-q", "--tags", "origin"]);
    let name = "refs/tags/keycloak-1.0.0";
    assert_eq!(team.git(&["cat-file", "-t", name]), "tag");
    assert_eq!(team.git(&["rev-parse", &format!("{name}^{{commit}}")]), sha);
    let trailer = |key: &str| {
        let format = format!("--format=%(contents:trailers:key={key},valueonly,separator=%2C)");
        team.git(&["for-each-ref", &format, name])
    };
    assert_eq!(trailer("Keycloak-Version"), "26.7.5");
    assert_eq!(trailer("Provider"), "g:a:1.0.0");
    assert!(trailer("Input-Digest").starts_with("sha256:"));
    assert_eq!(trailer("Part").matches("sha256:").count(), 2);
}

#[test]
fn the_same_input_keeps_its_tag_and_writes_nothing() {
    let team = team();
    let first = team.git(&["rev-parse", "HEAD"]);
    let once = bump(&team, &first);
    let writes = team.writes();
    let docs = team.commit(
        "Explain it",
        &[("docker/README.md", "text\n"), ("x.txt", "text\n")],
    );
    for sha in [&first, &docs] {
        let ended = bump(&team, sha);
        assert_eq!(tag_of(&ended), "1.0.0");
        assert_eq!(output(&ended, "alias"), output(&once, "alias"));
        assert_eq!(output(&ended, "changed"), "false");
        assert!(ended.summary.contains("still `1.0.0`"), "{}", ended.summary);
    }
    assert_eq!(team.writes(), writes);
    assert_eq!(tags(&team), ["keycloak-1.0.0"]);
}

#[test]
fn what_changed_sets_the_floor() {
    let team = team();
    assert_eq!(tag_of(&bump(&team, "HEAD")), "1.0.0");
    let steps: [(&str, &[&str], &str, &str, &str); 8] = [
        (
            "26.7.6",
            &["g:a:1.0.0"],
            "",
            "1.0.1",
            "patch, because of Keycloak 26.7.5 → 26.7.6",
        ),
        (
            "26.8.0",
            &["g:a:1.0.0"],
            "",
            "1.1.0",
            "minor, because of Keycloak 26.7.6 → 26.8.0",
        ),
        (
            "26.8.0",
            &["g:a:1.0.0", "g:b:1"],
            "",
            "1.2.0",
            "minor, because of g:b 1 added",
        ),
        (
            "26.8.0",
            &["g:a:1.0.1", "g:b:1"],
            "",
            "1.2.1",
            "patch, because of g:a 1.0.0 → 1.0.1",
        ),
        (
            "26.8.0",
            &["g:a:1.0.1"],
            "",
            "1.3.0",
            "minor, because of g:b 1 removed",
        ),
        (
            "26.8.0",
            &["g:a:1.0.1"],
            "body {}\n",
            "1.3.1",
            "patch, because of themes/ added",
        ),
        (
            "26.8.0",
            &["g:a:1.0.1"],
            "a {}\n",
            "1.3.2",
            "patch, because of themes/ changed",
        ),
        (
            "27.0.0",
            &["g:a:1.0.1"],
            "a {}\n",
            "2.0.0",
            "major, because of Keycloak 26.8.0 → 27.0.0",
        ),
    ];
    for (keycloak, jars, theme, tag, reason) in steps {
        let image = image(keycloak, jars);
        let mut files = as_files(&image);
        if !theme.is_empty() {
            files.push(("docker/themes/x/login.css", theme));
        }
        let sha = team.commit("Change it", &files);
        let ended = bump(&team, &sha);
        assert_eq!(tag_of(&ended), tag, "{}", ended.log);
        assert_eq!(output(&ended, "alias"), format!("{tag}-kc{keycloak}"));
        assert!(
            output(&ended, "reason").contains(reason),
            "{}",
            output(&ended, "reason")
        );
        assert!(
            ended.summary.contains("| what changed |"),
            "{}",
            ended.summary
        );
    }
}

#[test]
fn a_run_that_died_after_reserving_is_found_again_also_behind_newer_releases() {
    let team = team();
    bump(&team, "HEAD");
    let one = team.commit("One", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    assert_eq!(tag_of(&bump(&team, &one)), "1.0.1");
    let two = team.commit("Two", &as_files(&image("26.7.7", &["g:a:1.0.0"])));
    assert_eq!(tag_of(&bump(&team, &two)), "1.0.2");
    let writes = team.writes();
    let again = bump(&team, &one);
    assert_eq!(tag_of(&again), "1.0.1");
    assert_eq!(output(&again, "previous-tag"), "1.0.0");
    assert!(output(&again, "reason").contains("1.0.1 again: this commit has reserved it"));
    assert_eq!(team.writes(), writes);
    // The same input on another commit is a step back: it gets a tag that sorts above.
    let back = team.commit("Back to one", &as_files(&image("26.7.6", &["g:a:1.0.0"])));
    assert_eq!(tag_of(&bump(&team, &back)), "1.0.3");
}

#[test]
fn a_commit_that_is_older_than_the_last_release_is_told() {
    let team = team();
    bump(&team, "HEAD");
    let old = team.commit("One", &as_files(&image("26.7.6", &[])));
    let new = team.commit("Two", &as_files(&image("26.7.7", &[])));
    bump(&team, &new);
    let ended = bump(&team, &old);
    assert_eq!(tag_of(&ended), "1.1.1");
    assert!(
        ended
            .log
            .contains(&format!("commit {} is older than {}", &old[..7], &new[..7])),
        "{}",
        ended.log
    );
}

#[test]
fn a_dry_run_leaves_nothing_and_needs_no_right_to_write() {
    let team = team();
    let token = team.job_token(&[("contents", Access::Read)]);
    let ended = step(&team, "HEAD")
        .env("KECS_TOKEN", &token)
        .run("bump-tag", &["--dry-run", "--json"]);
    assert_eq!(tag_of(&ended), "1.0.0");
    assert!(
        ended.log.contains("dry run: nothing is reserved"),
        "{}",
        ended.log
    );
    assert!(
        ended.summary.contains("the next tag would be `1.0.0`"),
        "{}",
        ended.summary
    );
    assert!(
        ended.stdout.contains("\"tag\":\"1.0.0\""),
        "{}",
        ended.stdout
    );
    assert_eq!(team.writes(), 0);
    assert!(tags(&team).is_empty());
}

#[test]
fn tags_of_others_do_not_count_and_are_counted_over_all_pages() {
    let team = team();
    let foreign: Vec<String> = (0..130).map(|number| format!("v9.0.{number}")).collect();
    let others = [
        "keycloak-operator-7.0.0",
        "keycloak-1.2",
        "keycloak-3.0.0-rc1",
        "3.0.0",
    ];
    for name in foreign.iter().map(String::as_str).chain(others) {
        team.git(&["tag", name]);
    }
    team.git(&["tag", "keycloak-1.4.2"]);
    team.git(&["push", "-q", "--tags", "origin"]);
    let ended = bump(&team, "HEAD");
    assert_eq!(tag_of(&ended), "1.5.0");
    let reason = output(&ended, "reason");
    assert!(
        reason.contains("what 1.4.2 was made from is not recorded"),
        "{reason}"
    );
    assert!(
        reason.contains("134 tags ignored (foreign: 134)"),
        "{reason}"
    );
}

#[test]
fn a_name_is_legal_for_the_action_exactly_if_it_is_for_git() {
    use keycloak_ecs_actions::domain::tag::git_tag_fault;
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "."]);
    for name in [
        "a", "a/b", "a b", "a~", "a^", "a:", "a?", "a*", "a[", "a\\", "a..b", "a@{b", "@", "@a",
        ".a", "a/.b", "a.lock", "a.lock/b", "a/", "/a", "a//b", "a.", "a\u{7f}", "ä", "-a", "a.b",
        "a+b", "a{b}",
    ] {
        let legal = std::process::Command::new("git")
            .args(["check-ref-format", &format!("refs/tags/{name}")])
            .status()
            .unwrap()
            .success();
        assert_eq!(git_tag_fault(name).is_none(), legal, "{name:?}");
    }
}
