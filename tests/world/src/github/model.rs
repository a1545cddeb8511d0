//! What GitHub knows: repositories, actors, tokens, pull requests.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::git::Git;

/// How a repository is set up. The default is a new public repository.
#[derive(Clone, Debug, Default)]
pub struct RepositoryOptions {
    /// Whether only members see it.
    pub private: bool,
    /// Numeric id of the owner; by default the next free one.
    pub owner_id: Option<u64>,
    /// Numeric id of the repository; by default the next free one.
    pub repository_id: Option<u64>,
    /// The setting "Allow GitHub Actions to create and approve pull requests".
    pub actions_can_create_pull_requests: bool,
    /// The setting "Allow auto-merge".
    pub allow_auto_merge: bool,
    /// A merge queue on the default branch. It takes pull requests in; nothing moves it here.
    pub merge_queue: bool,
    /// Workflow files (`pull-request.yml`) whose run on a pull request's head must have succeeded before it can be
    /// merged: this stand-in's form of required status checks.
    pub required_workflows: Vec<String>,
    /// Titles of milestones; their numbers count from 1.
    pub milestones: Vec<String>,
    /// Configuration variables: the `vars` context.
    pub variables: BTreeMap<String, String>,
    /// Secrets of Actions: the `secrets` context.
    pub secrets: BTreeMap<String, String>,
    /// Environments by name. A job that names another one makes it, as on GitHub: without variables and secrets.
    pub environments: BTreeMap<String, Environment>,
}

/// What is configured in one environment. Nobody needs to approve jobs here.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Variables, which win over the repository's.
    pub variables: BTreeMap<String, String>,
    /// Secrets, which win over the repository's.
    pub secrets: BTreeMap<String, String>,
}

/// One repository: what is fixed when it is created, its options, and its objects.
#[derive(Clone, Debug)]
pub struct Repository {
    pub owner: String,
    pub name: String,
    pub id: u64,
    pub owner_id: u64,
    pub default_branch: String,
    /// Full name of the repository that this one is a fork of.
    pub fork_of: Option<String>,
    pub options: RepositoryOptions,
    pub created: SystemTime,
    pub git: Git,
}

impl Repository {
    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// What a token may do with one kind of resource. The order is that of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    Read,
    Write,
}

/// Permissions by name (`contents`, `pull-requests`, `id-token`); what is missing is `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(pub BTreeMap<String, Access>);

impl Permissions {
    /// Permissions from pairs.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, Access)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, access)| (name.to_owned(), access))
                .collect(),
        )
    }

    /// Whether `name` is granted at least `access`.
    pub fn allow(&self, name: &str, access: Access) -> bool {
        self.0.get(name).is_some_and(|granted| *granted >= access)
    }

    /// Takes the stronger of the two for each name.
    pub fn join(&mut self, other: &Self) {
        for (name, access) in &other.0 {
            let granted = self.0.entry(name.clone()).or_insert(*access);
            *granted = (*granted).max(*access);
        }
    }
}

/// What kind of token somebody came with: it decides what an event that they cause may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// No token.
    Anonymous,
    /// A person who is a member: may write to every repository.
    Member,
    /// A person who may write to their own repositories only, and read public ones.
    Outsider,
    /// An installation of a GitHub App, with its permissions, for every repository.
    App(Permissions),
    /// `GITHUB_TOKEN` of a workflow run, for one repository.
    Job {
        run: u64,
        repository: String,
        permissions: Permissions,
    },
}

/// Who made a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `mona`, `release-bot[bot]`, `github-actions[bot]`; empty for anonymous.
    pub login: String,
    pub kind: TokenKind,
}

impl Identity {
    pub fn anonymous() -> Self {
        Self {
            login: String::new(),
            kind: TokenKind::Anonymous,
        }
    }

    /// Whether the token is a `GITHUB_TOKEN`.
    pub fn is_job(&self) -> bool {
        matches!(self.kind, TokenKind::Job { .. })
    }

    /// For people who read decisions: whose token it was.
    pub fn describe(&self) -> String {
        match &self.kind {
            TokenKind::Anonymous => "anonymous".to_owned(),
            TokenKind::Member | TokenKind::Outsider => format!("{} (person)", self.login),
            TokenKind::App(_) => format!("{} (App)", self.login),
            TokenKind::Job { run, .. } => {
                format!("{} (GITHUB_TOKEN of run {run})", self.login)
            }
        }
    }
}

/// A pull request.
#[derive(Clone, Debug)]
pub struct PullRequest {
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: String,
    /// Full name of the repository that the head branch is in.
    pub head_repository: String,
    pub head_branch: String,
    pub head_sha: String,
    pub base_branch: String,
    /// Commit of the base branch: now, or when it was closed.
    pub base_sha: String,
    pub draft: bool,
    pub open: bool,
    pub merged: Option<Merge>,
    pub auto_merge: Option<AutoMerge>,
    /// Whether it waits in the merge queue.
    pub queued: bool,
    pub labels: Vec<String>,
    /// Logins of people who were asked for a review, and names of teams.
    pub reviewers: Vec<String>,
    pub team_reviewers: Vec<String>,
    pub assignees: Vec<String>,
    /// Number of the milestone.
    pub milestone: Option<usize>,
    pub comments: Vec<Comment>,
    pub created: SystemTime,
    pub updated: SystemTime,
    pub closed: Option<SystemTime>,
}

/// How a pull request was merged.
#[derive(Clone, Debug)]
pub struct Merge {
    pub by: String,
    pub sha: String,
    pub at: SystemTime,
}

/// A merge that waits for the required workflows.
#[derive(Clone, Debug)]
pub struct AutoMerge {
    pub by: Identity,
    pub method: MergeMethod,
    pub headline: Option<String>,
    pub body: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    Merge,
    Squash,
}

/// A comment on a pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub created: SystemTime,
    pub updated: SystemTime,
}
