//! The writes.

use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use super::blobs::file_at;
use super::body;
use super::merge;
use super::plan::{Plan, Step};
use super::records::image_differences;
use super::request::Request;
use super::state::State;
use crate::action::Context;
use crate::domain::tfvar::edit;
use crate::error::{Error, Result};
use crate::github::Repository;

const COMMIT: &str = "
mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}";
const MOVE: &str = "
mutation Move($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";

const CONTENTS: &str = "`permissions:` of the job needs `contents: write`, and a reusable workflow needs it from its caller too. A rule \
     of the repository may also protect this branch.";
const PULL_REQUESTS: &str = "`permissions:` of the job needs `pull-requests: write`, and a reusable workflow needs it from its caller too.";

/// The longest wait that a label is worth.
const MOMENT: Duration = Duration::from_secs(60);

/// What has been written so far.
#[derive(Default)]
pub(super) struct Done {
    pub operation: Option<&'static str>,
    pub number: Option<u64>,
    pub url: Option<String>,
    pub head: Option<String>,
    /// What came of `auto-merge`; it is asked for once.
    pub merge: Option<String>,
}

impl Done {
    fn operation(&mut self, operation: &'static str) {
        // What was created in this run stays created, whatever came after.
        if self.operation != Some("created") {
            self.operation = Some(operation);
        }
    }

    /// One of others is no news; our own is what this run ends with.
    fn closed(&mut self, plan: &Plan, number: u64) {
        if let Some(pull) = plan.pull.as_ref().filter(|pull| pull.number == number) {
            self.number = Some(number);
            self.url = Some(pull.url.clone());
            self.head = Some(pull.head_ref_oid.clone());
        }
        if self.number == Some(number) {
            self.operation = Some("closed");
        }
    }
}

/// Writes to one repository.
pub(super) struct Writer<'a> {
    pub context: &'a Context,
    pub repository: &'a Repository,
    pub request: &'a Request,
}

impl Writer<'_> {
    /// Does the steps in their order; stops at the first that is refused.
    pub(super) async fn apply(&self, state: &State, plan: &Plan, done: &mut Done) -> Result<()> {
        let mut tip = None;
        for step in &plan.steps {
            match step {
                Step::CreateBranch { at } => {
                    self.create_branch(at).await?;
                    tip = Some(at.clone());
                }
                Step::MoveBranch { from, to } => {
                    self.move_branch(state, from, to).await?;
                    tip = Some(to.clone());
                }
                Step::Commit { head } => {
                    let head = head.as_ref().or(tip.as_ref());
                    let head = head.ok_or_else(|| Error::bug("a commit without a parent"))?;
                    self.commit(head, plan, done).await?;
                }
                Step::Open => self.open(state, plan, done).await?,
                Step::Describe {
                    number,
                    title,
                    body,
                } => {
                    self.describe(*number, title.as_deref(), body, plan).await?;
                    done.operation("updated");
                }
                Step::Close {
                    number,
                    body,
                    reason,
                } => {
                    self.close(*number, body, reason).await?;
                    done.closed(plan, *number);
                }
                Step::AutoMerge { .. } => {
                    if let (None, Some(pull)) = (&done.merge, &plan.pull) {
                        let outcome = merge::auto_merge(self.repository, state, pull)
                            .await
                            .map_err(|error| for_lack_of(error, PULL_REQUESTS))?;
                        self.context.runner.line(&outcome);
                        done.merge = Some(outcome);
                        done.operation("updated");
                    }
                }
            }
        }
        Ok(())
    }

    async fn create_branch(&self, at: &str) -> Result<()> {
        let branch = &self.request.branch;
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": at});
        self.repository
            .post("git/refs", &body)
            .await
            .map_err(|error| for_lack_of(error, CONTENTS))?;
        self.context
            .runner
            .line(format!("created the branch {branch}"));
        Ok(())
    }

    /// Only if the branch is still where it was seen.
    async fn move_branch(&self, state: &State, from: &str, to: &str) -> Result<()> {
        let branch = &self.request.branch;
        let input = json!({
            "repositoryId": state.repository_id,
            "refUpdates": [{
                "name": format!("refs/heads/{branch}"),
                "beforeOid": from,
                "afterOid": to,
                "force": true,
            }],
        });
        let tried = format!("move the branch {branch} of");
        self.repository
            .graphql(&tried, MOVE, json!({ "input": input }))
            .await
            .map_err(|error| for_lack_of(error, CONTENTS))?;
        self.context.runner.line(format!(
            "moved the branch {branch} to {}; its commits stay with their pull request",
            state.base
        ));
        Ok(())
    }

    /// One commit on exactly `head`, with the file as it is there and the new values.
    async fn commit(&self, head: &str, plan: &Plan, done: &mut Done) -> Result<()> {
        let (request, repository) = (self.request, self.repository);
        let branch = &request.branch;
        let bytes = file_at(repository, head, &request.file)
            .await?
            .ok_or_else(|| Error::usage(format!("{} is gone from {branch}", request.file)))?;
        let edited = edit(&request.file, &bytes, &plan.target())?;
        if !edited.is_change() {
            return Ok(());
        }
        let contents = base64::engine::general_purpose::STANDARD.encode(&edited.bytes);
        let input = json!({
            "branch": {"repositoryNameWithOwner": repository.full_name(), "branchName": branch},
            "expectedHeadOid": head,
            "message": {
                "headline": plan.title,
                "body": body::commit_message(request, &edited.changes),
            },
            "fileChanges": {"additions": [{"path": request.file, "contents": contents}]},
        });
        let tried = format!("commit to {branch} of");
        let answer = repository
            .graphql(&tried, COMMIT, json!({ "input": input }))
            .await
            .map_err(|error| for_lack_of(error, CONTENTS))?;
        let oid = answer
            .pointer("/createCommitOnBranch/commit/oid")
            .and_then(Value::as_str)
            .ok_or_else(|| Error::refused("GitHub answered without the commit"))?;
        self.context.runner.line(format!(
            "committed {} to {branch}",
            &oid[..oid.len().min(10)]
        ));
        done.operation("updated");
        done.head = Some(oid.to_owned());
        Ok(())
    }

    async fn open(&self, state: &State, plan: &Plan, done: &mut Done) -> Result<()> {
        let request = self.request;
        let part = self.part(plan).await;
        let body = json!({
            "title": plan.title,
            "head": request.branch,
            "base": state.base,
            "body": body::replace(request.body.as_deref().unwrap_or(""), &part),
            "draft": request.draft,
        });
        let opened = self
            .repository
            .post("pulls", &body)
            .await
            .map_err(|error| self.not_opened(error, state))?;
        let text = |pointer| {
            opened
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let number = opened.get("number").and_then(Value::as_u64);
        done.operation = Some("created");
        done.number = number;
        done.url = text("/html_url");
        done.head = text("/head/sha").or(done.head.take());
        let number = number.ok_or_else(|| Error::refused("GitHub answered without a number"))?;
        self.context.runner.line(format!("opened #{number}"));
        self.furnish(number).await;
        Ok(())
    }

    /// Our part of the description. It stands without what the releases' records say.
    async fn part(&self, plan: &Plan) -> String {
        let request = self.request;
        let found = image_differences(self.repository, &request.tag_prefix, &plan.changes).await;
        let differences = found.unwrap_or_else(|error| {
            self.context
                .runner
                .warning("update-tfvar", &format!("no word on the image: {error}"));
            Vec::new()
        });
        body::part(request, &plan.changes, &differences)
    }

    /// The setting that GitHub ships turned off, and a link with which a person opens the pull request.
    fn not_opened(&self, error: Error, state: &State) -> Error {
        if !matches!(error.code(), Some("403" | "404")) || error.wait().is_some() {
            return error;
        }
        let server = self
            .context
            .env
            .get("GITHUB_SERVER_URL")
            .unwrap_or("https://github.com");
        let link = format!(
            "{server}/{}/compare/{}...{}?expand=1",
            self.repository.full_name(),
            state.base,
            self.request.branch
        );
        let cause = match error.message().contains("not permitted to create") {
            true => {
                "Turn on \"Allow GitHub Actions to create and approve pull requests\" under Settings, Actions, General, \
                 Workflow permissions (an organisation can forbid it), or give the token of a GitHub App."
            }
            false => PULL_REQUESTS,
        };
        error.hint(format!(
            "{cause} Until then a person can open it, the commit is there: {link}"
        ))
    }

    /// Labels, reviewers, assignees, milestone. The pull request stands without them, so a refusal is a warning.
    async fn furnish(&self, number: u64) {
        let request = self.request;
        let (issue, pull) = (format!("issues/{number}"), format!("pulls/{number}"));
        let mut wishes = Vec::new();
        if !request.labels.is_empty() {
            let body = json!({"labels": request.labels});
            wishes.push(("labels", format!("{issue}/labels"), body));
        }
        if !request.assignees.is_empty() {
            let body = json!({"assignees": request.assignees});
            wishes.push(("assignees", format!("{issue}/assignees"), body));
        }
        if !request.reviewers.is_empty() || !request.team_reviewers.is_empty() {
            let body = json!({
                "reviewers": request.reviewers,
                "team_reviewers": request.team_reviewers,
            });
            wishes.push(("reviewers", format!("{pull}/requested_reviewers"), body));
        }
        if let Some(milestone) = request.milestone {
            wishes.push(("milestone", issue, json!({"milestone": milestone})));
        }
        for (input, path, body) in wishes {
            let message = match self.wish(input, &path, &body).await {
                Err(error) => format!("#{number} is open without its `{input}`: {error}"),
                // GitHub leaves out whoever cannot be assigned, and says nothing.
                Ok(answer) if input == "assignees" => match unassigned(&request.assignees, &answer)
                {
                    missing if missing.is_empty() => continue,
                    missing => format!(
                        "#{number} is not assigned to {missing}: GitHub takes people who may write to the repository or took \
                         part in the pull request"
                    ),
                },
                Ok(_) => continue,
            };
            self.context.runner.warning("update-tfvar", &message);
        }
    }

    /// One of these, three times if GitHub has a passing fault or asks to wait a moment.
    async fn wish(&self, input: &str, path: &str, body: &Value) -> Result<Value> {
        let mut pause = Duration::from_secs(1);
        let mut left = 2;
        loop {
            let answer = match input {
                "milestone" => self.repository.patch(path, body).await,
                _ => self.repository.post(path, body).await,
            };
            let error = match answer {
                Err(error) if left > 0 => error,
                answer => return answer,
            };
            let passing = error.code().is_none_or(|code| code.starts_with('5'));
            let asked = error.wait().filter(|wait| *wait <= MOMENT);
            if asked.is_none() && !passing {
                return Err(error);
            }
            self.context.clock.sleep(asked.unwrap_or(pause)).await;
            pause *= 2;
            left -= 1;
        }
    }

    async fn describe(
        &self,
        number: u64,
        title: Option<&str>,
        body: &str,
        plan: &Plan,
    ) -> Result<()> {
        let part = self.part(plan).await;
        let mut change = json!({"body": body::replace(body, &part)});
        if let Some(title) = title {
            change["title"] = title.into();
        }
        self.patch(number, &change).await?;
        self.context
            .runner
            .line(format!("updated the description of #{number}"));
        Ok(())
    }

    async fn close(&self, number: u64, body: &str, reason: &str) -> Result<()> {
        self.patch(number, &json!({"state": "closed", "body": body}))
            .await?;
        self.context
            .runner
            .line(format!("closed #{number}: {reason}"));
        let comment = json!({"body": reason});
        let path = format!("issues/{number}/comments");
        if let Err(error) = self.repository.post(&path, &comment).await {
            let message = format!("#{number} is closed without a comment: {error}");
            self.context.runner.warning("update-tfvar", &message);
        }
        Ok(())
    }

    async fn patch(&self, number: u64, change: &Value) -> Result<Value> {
        self.repository
            .patch(&format!("pulls/{number}"), change)
            .await
            .map_err(|error| for_lack_of(error, PULL_REQUESTS))
    }
}

/// Those who were to be assigned and are not.
fn unassigned(wanted: &[String], answer: &Value) -> String {
    let there = answer.get("assignees").and_then(Value::as_array);
    let assigned = |login: &str| {
        there.into_iter().flatten().any(|one| {
            let known = one.get("login").and_then(Value::as_str);
            known.is_some_and(|known| known.eq_ignore_ascii_case(login))
        })
    };
    let missing = wanted.iter().filter(|login| !assigned(login));
    missing.cloned().collect::<Vec<_>>().join(", ")
}

/// Names the permission, where a lack of one is what the refusal may mean.
fn for_lack_of(error: Error, hint: &str) -> Error {
    match error.code() {
        Some("403" | "404" | "FORBIDDEN") if error.wait().is_none() => error.hint(hint),
        _ => error,
    }
}
