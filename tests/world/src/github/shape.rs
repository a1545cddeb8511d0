//! The JSON that GitHub answers with: all fields that its OpenAPI description requires.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::git::{Commit, Signature};
use super::model::{Comment, PullRequest, Repository};
use crate::World;

/// A time as GitHub writes it: RFC 3339, UTC, whole seconds.
pub fn time(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Writes [`Value`]s of one world.
#[derive(Clone, Copy)]
pub struct Shape<'a>(pub &'a World);

impl Shape<'_> {
    /// Base address of the REST API.
    pub fn api(&self) -> String {
        format!("{}/api", self.0.urls.github)
    }

    /// Base address of the web pages.
    pub fn web(&self) -> &str {
        &self.0.urls.github
    }

    fn repo_api(&self, repository: &Repository) -> String {
        format!("{}/repos/{}", self.api(), repository.full_name())
    }

    fn repo_web(&self, repository: &Repository) -> String {
        format!("{}/{}", self.web(), repository.full_name())
    }

    /// `simple-user`.
    pub fn user(&self, login: &str) -> Value {
        let id = self.0.github.state().user_id(login);
        let url = format!("{}/users/{login}", self.api());
        let mut user = json!({
            "login": login,
            "id": id,
            "node_id": format!("U_{id}"),
            "avatar_url": format!("{}/avatars/{id}", self.web()),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("{}/{login}", self.web()),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "organizations_url": format!("{url}/orgs"),
            "type": if login.ends_with("[bot]") { "Bot" } else { "User" },
            "user_view_type": "public",
            "site_admin": false,
        });
        for name in ["followers", "subscriptions", "repos", "received_events"] {
            user[format!("{name}_url")] = format!("{url}/{name}").into();
        }
        user
    }

    /// `minimal-repository`, and what `repository` and `full-repository` have in addition.
    pub fn repository(&self, repository: &Repository) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        let full_name = repository.full_name();
        let options = &repository.options;
        let created = time(repository.created);
        let mut value = json!({
            "id": repository.id,
            "node_id": format!("R_{}", repository.id),
            "name": repository.name,
            "full_name": full_name,
            "private": options.private,
            "visibility": if options.private { "private" } else { "public" },
            "owner": self.user(&repository.owner),
            "html_url": web,
            "description": null,
            "fork": repository.fork_of.is_some(),
            "url": url,
            "clone_url": format!("{web}.git"),
            "git_url": format!("git://127.0.0.1/{full_name}.git"),
            "ssh_url": format!("git@127.0.0.1:{full_name}.git"),
            "svn_url": web,
            "mirror_url": null,
            "homepage": null,
            "language": null,
            "license": null,
            "default_branch": repository.default_branch,
            "allow_auto_merge": options.allow_auto_merge,
            "allow_merge_commit": true,
            "allow_squash_merge": true,
            "allow_rebase_merge": false,
            "delete_branch_on_merge": false,
            "topics": [],
            "created_at": created,
            "updated_at": created,
            "pushed_at": created,
        });
        for name in [
            "issues",
            "projects",
            "wiki",
            "pages",
            "discussions",
            "downloads",
        ] {
            value[format!("has_{name}")] = (name == "issues").into();
        }
        for name in ["archived", "disabled", "is_template"] {
            value[name] = false.into();
        }
        for name in [
            "size",
            "forks",
            "forks_count",
            "stargazers_count",
            "watchers",
            "watchers_count",
            "open_issues",
            "open_issues_count",
            "network_count",
            "subscribers_count",
        ] {
            value[name] = 0.into();
        }
        for (name, path) in REPOSITORY_URLS {
            value[format!("{name}_url")] = format!("{url}{path}").into();
        }
        value
    }

    /// `git-ref`.
    pub fn reference(&self, repository: &Repository, name: &str, sha: &str, kind: &str) -> Value {
        let url = self.repo_api(repository);
        json!({
            "ref": name,
            "node_id": format!("REF_{}_{name}", repository.id),
            "url": format!("{url}/git/{name}"),
            "object": {"sha": sha, "type": kind, "url": format!("{url}/git/{kind}s/{sha}")},
        })
    }

    /// `verification` of a commit: only what GitHub made itself is signed.
    fn verification(&self, sha: &str) -> Value {
        let signed = self.0.github.state().signed.contains(sha);
        json!({
            "verified": signed,
            "reason": if signed { "valid" } else { "unsigned" },
            "signature": null,
            "payload": null,
            "verified_at": null,
        })
    }

    fn parents(&self, repository: &Repository, commit: &Commit, path: &str) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        let parents = commit.parents.iter().map(|sha| {
            json!({
                "sha": sha,
                "url": format!("{url}/{path}/{sha}"),
                "html_url": format!("{web}/commit/{sha}"),
            })
        });
        parents.collect()
    }

    /// `git-commit`.
    pub fn git_commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        json!({
            "sha": commit.sha,
            "node_id": format!("C_{}_{}", repository.id, commit.sha),
            "url": format!("{url}/git/commits/{}", commit.sha),
            "html_url": format!("{web}/commit/{}", commit.sha),
            "author": signature(&commit.author),
            "committer": signature(&commit.committer),
            "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
            "message": commit.message,
            "parents": self.parents(repository, commit, "git/commits"),
            "verification": self.verification(&commit.sha),
        })
    }

    /// `commit`.
    pub fn commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        let sha = &commit.sha;
        json!({
            "sha": sha,
            "node_id": format!("C_{}_{sha}", repository.id),
            "url": format!("{url}/commits/{sha}"),
            "html_url": format!("{web}/commit/{sha}"),
            "comments_url": format!("{url}/commits/{sha}/comments"),
            "author": self.account(&commit.author),
            "committer": self.account(&commit.committer),
            "parents": self.parents(repository, commit, "commits"),
            "commit": {
                "url": format!("{url}/git/commits/{sha}"),
                "author": signature(&commit.author),
                "committer": signature(&commit.committer),
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
                "verification": self.verification(sha),
            },
        })
    }

    /// The user behind a `noreply` address, or null. GitHub's own commits are those of `web-flow`.
    fn account(&self, signature: &Signature) -> Value {
        if signature.email == "noreply@github.com" {
            return self.user("web-flow");
        }
        let login = signature
            .email
            .strip_suffix("@users.noreply.github.com")
            .and_then(|local| local.split_once('+'))
            .map(|(_, login)| login);
        login.map_or(Value::Null, |login| self.user(login))
    }

    /// `label`.
    pub fn label(&self, repository: &Repository, name: &str) -> Value {
        let id = name.bytes().fold(repository.id, |id, byte| {
            (id.wrapping_mul(31).wrapping_add(u64::from(byte))) % (1 << 40)
        });
        json!({
            "id": id,
            "node_id": format!("LA_{id}"),
            "url": format!("{}/labels/{name}", self.repo_api(repository)),
            "name": name,
            "description": null,
            "color": "ededed",
            "default": false,
        })
    }

    /// `issue-comment`.
    pub fn comment(&self, repository: &Repository, number: u64, comment: &Comment) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        let id = comment.id;
        json!({
            "id": id,
            "node_id": format!("IC_{id}"),
            "url": format!("{url}/issues/comments/{id}"),
            "html_url": format!("{web}/pull/{number}#issuecomment-{id}"),
            "issue_url": format!("{url}/issues/{number}"),
            "user": self.user(&comment.author),
            "author_association": "MEMBER",
            "body": comment.body,
            "created_at": time(comment.created),
            "updated_at": time(comment.updated),
        })
    }

    /// `pull-request-simple`.
    pub fn pull(&self, repository: &Repository, pull: &PullRequest) -> Value {
        let (url, web) = (self.repo_api(repository), self.repo_web(repository));
        let number = pull.number;
        let head = self.0.github.repository(&pull.head_repository);
        let end = |repository: Option<&Repository>, branch: &str, sha: &str| {
            let owner = repository.map_or("unknown", |repository| &repository.owner);
            json!({
                "label": format!("{owner}:{branch}"),
                "ref": branch,
                "sha": sha,
                "user": self.user(owner),
                "repo": repository.map(|repository| self.repository(repository)),
            })
        };
        let (this, issue) = (
            format!("{url}/pulls/{number}"),
            format!("{url}/issues/{number}"),
        );
        let statuses = format!("{url}/statuses/{}", pull.head_sha);
        let labels: Vec<Value> = pull
            .labels
            .iter()
            .map(|name| self.label(repository, name))
            .collect();
        let auto_merge = pull.auto_merge.as_ref().map(|auto| {
            json!({
                "enabled_by": self.user(&auto.by.login),
                "merge_method": super::merge::name(auto.method),
                "commit_title": auto.headline.clone().unwrap_or_default(),
                "commit_message": auto.body.clone().unwrap_or_default(),
            })
        });
        let mut value = json!({
            "id": repository.id * 10_000 + number,
            "node_id": super::pulls::node_id(repository, number),
            "number": number,
            "url": this,
            "html_url": format!("{web}/pull/{number}"),
            "diff_url": format!("{web}/pull/{number}.diff"),
            "patch_url": format!("{web}/pull/{number}.patch"),
            "issue_url": issue,
            "commits_url": format!("{this}/commits"),
            "review_comments_url": format!("{this}/comments"),
            "review_comment_url": format!("{url}/pulls/comments{{/number}}"),
            "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses,
            "state": if pull.open { "open" } else { "closed" },
            "locked": false,
            "draft": pull.draft,
            "title": pull.title,
            "body": pull.body,
            "user": self.user(&pull.author),
            "labels": labels,
            "milestone": null,
            "assignee": pull.assignees.first().map(|login| self.user(login)),
            "assignees": pull.assignees.iter().map(|login| self.user(login)).collect::<Vec<_>>(),
            "requested_reviewers": pull.reviewers.iter().map(|login| self.user(login)).collect::<Vec<_>>(),
            "requested_teams": [],
            "author_association": "MEMBER",
            "auto_merge": auto_merge,
            "active_lock_reason": null,
            "created_at": time(pull.created),
            "updated_at": time(pull.updated),
            "closed_at": pull.closed.map(time),
            "merged_at": pull.merged.as_ref().map(|merge| time(merge.at)),
            "merge_commit_sha": pull.merged.as_ref().map(|merge| merge.sha.clone()),
            "head": end(head.as_ref(), &pull.head_branch, &pull.head_sha),
            "base": end(Some(repository), &pull.base_branch, &pull.base_sha),
        });
        for (name, href) in [
            ("self", this.clone()),
            ("html", format!("{web}/pull/{number}")),
            ("issue", issue.clone()),
            ("comments", format!("{issue}/comments")),
            ("review_comments", format!("{this}/comments")),
            ("review_comment", format!("{url}/pulls/comments{{/number}}")),
            ("commits", format!("{this}/commits")),
            ("statuses", statuses),
        ] {
            value["_links"][name] = json!({"href": href});
        }
        value
    }
}

/// Name, address and time of an author or committer.
pub fn signature(signature: &Signature) -> Value {
    json!({"name": signature.name, "email": signature.email, "date": signature.date})
}

const REPOSITORY_URLS: [(&str, &str); 38] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
    ("issue_types", "/issue-types"),
    ("environments", "/environments"),
];
