//! The inputs, checked.

use sha2::{Digest as _, Sha256};

use super::args::Args;
use crate::domain::providers::hex;
use crate::domain::tfvar::{Address, Assignment, check_name};
use crate::error::{Error, Result};
use crate::runner::Env;
use crate::runner::inputs::List;

/// What is wanted.
#[derive(Default)]
pub(super) struct Request {
    /// Path of the file; for a pull request from the root of the repository, with `/`.
    pub file: String,
    pub wanted: Vec<Assignment>,
    /// `None` for the default branch.
    pub base: Option<String>,
    pub branch: String,
    pub title: Option<String>,
    pub body: Option<String>,
    /// Lines for our part of the description.
    pub facts: Vec<String>,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    pub team_reviewers: Vec<String>,
    pub assignees: Vec<String>,
    pub milestone: Option<u64>,
    pub draft: bool,
    pub auto_merge: bool,
    pub allow_downgrade: bool,
    pub tag_prefix: String,
    /// Address of the workflow run.
    pub run: Option<String>,
}

impl Request {
    pub(super) fn new(args: &Args, local: bool, env: &Env) -> Result<Self> {
        let file = match local {
            true => args.file.clone(),
            false => within_repository(&args.file)?,
        };
        check_name(&file)?;
        if args.draft && args.auto_merge {
            return Err(Error::usage("`draft` and `auto-merge` are both true")
                .hint("A draft is never merged; choose one of the two."));
        }
        if local && let Some(input) = of_pull_request(args) {
            return Err(Error::usage(format!(
                "`{input}` is for a pull request, but the file is edited on disk"
            ))
            .hint("Leave it out, or open a pull request with `local: false`."));
        }
        let wanted = args.variables.0.clone();
        let branch = args
            .branch
            .clone()
            .unwrap_or_else(|| default_branch(&file, &wanted, args.base.as_deref()));
        for (input, name) in [("branch", Some(&branch)), ("base", args.base.as_ref())] {
            if let Some(name) = name.filter(|name| !is_branch(name)) {
                return Err(Error::usage(format!(
                    "`{input}` is {name:?}, which cannot be the name of a branch"
                )));
            }
        }
        if args.base.as_ref() == Some(&branch) {
            return Err(Error::usage(format!(
                "`branch` and `base` are both {branch}"
            )));
        }
        let list = |list: &Option<List>| list.clone().unwrap_or_default().0;
        Ok(Self {
            file,
            wanted,
            base: args.base.clone(),
            branch,
            title: args.title.clone(),
            body: args.body.clone(),
            facts: args.facts.iter().flat_map(|text| facts(text)).collect(),
            labels: list(&args.labels),
            reviewers: list(&args.reviewers),
            team_reviewers: list(&args.team_reviewers),
            assignees: list(&args.assignees),
            milestone: args.milestone,
            draft: args.draft,
            auto_merge: args.auto_merge,
            allow_downgrade: args.allow_downgrade,
            tag_prefix: args.tag_prefix.clone(),
            run: run_url(env),
        })
    }

    pub(super) fn addresses(&self) -> Vec<Address> {
        self.wanted.iter().map(|one| one.address.clone()).collect()
    }

    /// Folder of the file, without a slash at its end.
    pub(super) fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Name of the file within its folder.
    pub(super) fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }
}

/// The first input that says something of a pull request. `token` is left out: on GitHub it has a default.
fn of_pull_request(args: &Args) -> Option<&'static str> {
    let given = [
        ("repository", args.repository.is_some()),
        ("base", args.base.is_some()),
        ("branch", args.branch.is_some()),
        ("title", args.title.is_some()),
        ("body", args.body.is_some()),
        ("facts", args.facts.is_some()),
        ("labels", args.labels.is_some()),
        ("reviewers", args.reviewers.is_some()),
        ("team-reviewers", args.team_reviewers.is_some()),
        ("assignees", args.assignees.is_some()),
        ("milestone", args.milestone.is_some()),
        ("draft", args.draft),
        ("auto-merge", args.auto_merge),
    ];
    let first = given.into_iter().find(|(_, given)| *given);
    first.map(|(input, _)| input)
}

/// The lines that say something.
fn facts(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
}

/// A path from the root of the repository, without `./`.
fn within_repository(path: &str) -> Result<String> {
    let clean = path.strip_prefix("./").unwrap_or(path);
    let outside = clean
        .split('/')
        .any(|part| part.is_empty() || part == "." || part == "..");
    if outside || clean.contains(['\\', ':']) || clean.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "`file` is {path:?}, which is no path from the root of the repository"
        ))
        .hint("Write it as in terraform/environments/production/image.auto.tfvars."));
    }
    Ok(clean.to_owned())
}

/// `update-tfvar/<file>/<variable>-<hash>`: one branch for each set of variables of each file and base, which the hash tells
/// apart.
fn default_branch(file: &str, wanted: &[Assignment], base: Option<&str>) -> String {
    let mut addresses: Vec<String> = wanted.iter().map(|one| one.address.to_string()).collect();
    addresses.sort();
    let variable = addresses.first().cloned().unwrap_or_default();
    let parts = [file, base.unwrap_or("")]
        .into_iter()
        .chain(addresses.iter().map(String::as_str));
    let hash = Sha256::digest(parts.collect::<Vec<_>>().join("\n"));
    let stem = file
        .trim_end_matches(".tf")
        .trim_end_matches(".tfvars")
        .trim_end_matches(".auto");
    let plain = |text: &str| -> String {
        let keep = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        };
        text.chars().map(keep).collect()
    };
    format!(
        "update-tfvar/{}/{}-{}",
        plain(stem),
        plain(&variable),
        &hex(&hash)[..6]
    )
}

/// Whether git takes it for the name of a branch (`git check-ref-format --branch`).
fn is_branch(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    name.split('/').all(part)
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        // The name in full would become refs/heads/refs/…
        && !name.starts_with("refs/")
        && name != "@"
}

fn run_url(env: &Env) -> Option<String> {
    let server = env.get("GITHUB_SERVER_URL").unwrap_or("https://github.com");
    let repository = env.get("GITHUB_REPOSITORY")?;
    let run = env.get("GITHUB_RUN_ID")?;
    Some(format!("{server}/{repository}/actions/runs/{run}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tfvar::Assignments;

    #[test]
    fn a_file_stays_in_its_repository() {
        assert_eq!(within_repository("./a/b.tfvars").unwrap(), "a/b.tfvars");
        for path in [
            "/a.tf",
            "../a.tf",
            "a/../b.tf",
            "a//b.tf",
            "a\\b.tf",
            "C:/a.tf",
            "",
            "a/./b.tf",
        ] {
            assert!(within_repository(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_branch_is_named_after_file_and_variable() {
        let file = "terraform/environments/production/image.auto.tfvars";
        let named = |file: &str, variables: &str, base: Option<&str>| {
            let wanted: Assignments = variables.parse().unwrap();
            default_branch(file, &wanted.0, base)
        };
        let branch = named(file, "keycloak_image_tag=1\nkeycloak_image_digest=2", None);
        let start = "update-tfvar/terraform-environments-production-image/keycloak_image_digest-";
        assert!(branch.starts_with(start), "{branch}");
        assert!(is_branch(&branch));
        assert_eq!(
            branch,
            named(file, "keycloak_image_digest=3\nkeycloak_image_tag=4", None)
        );
        let others = [
            named(file, "keycloak_image_tag=1", None),
            named(file, "keycloak_image_tag=1", Some("release")),
            named(file, "images.a=1", None),
            named(file, "images.b=1", None),
            named("p/image.auto.tfvars", "tag=1", None),
            named("p-image.tfvars", "tag=1", None),
            named("image.tf", "tag=1", None),
            named("image.auto.tfvars", "tag=1", None),
        ];
        let different: std::collections::BTreeSet<&String> = others.iter().collect();
        assert_eq!(different.len(), others.len(), "{others:?}");
    }

    #[test]
    fn names_of_branches_are_those_of_git() {
        for name in ["main", "a/b-c_d.e", "feature/ü"] {
            assert!(is_branch(name), "{name}");
        }
        for name in [
            "",
            "/a",
            "a/",
            "a//b",
            "a b",
            "a..b",
            "a.lock",
            ".a",
            "a/.b",
            "a~",
            "a:b",
            "a@{b",
            "@",
            "-a",
            "a.",
            "refs/heads/x",
        ] {
            assert!(!is_branch(name), "{name}");
        }
    }
}
