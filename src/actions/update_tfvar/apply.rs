//! The writes.

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

/// What has been written so far.
#[derive(Default)]
pub(super) struct Done {
    pub operation: Option<&'static str>,
    pub number: Option<u64>,
    pub url: Option<String>,
    pub head: Option<String>,
    /// Whether GitHub may have opened a pull request for this run, and not said so.
    pub opening: bool,
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
                    if plan.steps.contains(&Step::Open) {
                        self.preflight(state).await?;
                    }
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
                    let asked = done.merge.is_some() || done.operation.is_none();
                    if let (false, Some(pull)) = (asked, &plan.pull) {
                        let outcome = merge::auto_merge(self.repository, state, pull)
                            .await
                            .map_err(|error| for_lack_of(error, PULL_REQUESTS))?;
                        self.context.runner.line(&outcome);
                        done.merge = Some(outcome);
                        // Merged at once, it is no longer among the open ones that the next look finds.
                        done.number.get_or_insert(pull.number);
                        done.url.get_or_insert_with(|| pull.url.clone());
                        done.head.get_or_insert_with(|| pull.head_ref_oid.clone());
                        done.operation("updated");
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the token may open a pull request, before a branch is made for one: asked for one without a commit, GitHub
    /// refuses it as wrong (422) to who may, and as forbidden to who may not.
    async fn preflight(&self, state: &State) -> Result<()> {
        let empty = json!({"title": "preflight", "head": state.base, "base": state.base});
        match self.repository.post("pulls", &empty).await {
            Err(error) if matches!(error.code(), Some("403" | "404")) && error.wait().is_none() => {
                let cause = Self::cause(&error);
                Err(error.hint(format!("{cause} Nothing was written.")))
            }
            Err(error) if error.wait().is_some() => Err(error),
            _ => Ok(()),
        }
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
        let opened = self.repository.post("pulls", &body).await;
        let opened = opened.map_err(|error| {
            let code = error.code().unwrap_or("");
            done.opening = code.is_empty() || code.starts_with('5');
            self.not_opened(error, state)
        })?;
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

    /// A pull request that GitHub opened without saying so is this run's all the same.
    pub(super) async fn adopt(&self, plan: &Plan, done: &mut Done) {
        let pull = plan.pull.as_ref();
        let Some(pull) = pull.filter(|pull| pull.head == self.request.branch) else {
            return;
        };
        if done.opening && done.number.is_none() {
            done.operation = Some("created");
            done.number = Some(pull.number);
            done.url = Some(pull.url.clone());
            self.context.runner.line(format!("opened #{}", pull.number));
            self.furnish(pull.number).await;
        }
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

    /// Why a pull request is refused: the setting that GitHub ships turned off, or a permission.
    fn cause(error: &Error) -> &'static str {
        match error.message().contains("not permitted to create") {
            true => {
                "Turn on \"Allow GitHub Actions to create and approve pull requests\" under Settings, Actions, General, \
                 Workflow permissions (an organisation can forbid it), or give the token of a GitHub App."
            }
            false => PULL_REQUESTS,
        }
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
        let cause = Self::cause(&error);
        error.hint(format!(
            "{cause} Until then a person can open it, the commit is there: {link}"
        ))
    }

    async fn describe(
        &self,
        number: u64,
        title: Option<&str>,
        body: &str,
        plan: &Plan,
    ) -> Result<()> {
        let part = self.part(plan).await;
        // People may have written since the state was read.
        let now = self.repository.get(&format!("pulls/{number}")).await?;
        let now = now.unwrap_or_default();
        let text = |name: &str| now.get(name).and_then(Value::as_str).map(str::to_owned);
        let body = text("body").unwrap_or_else(|| body.to_owned());
        let mut change = json!({"body": body::replace(&body, &part)});
        let kept = plan.pull.as_ref().map(|pull| pull.title.clone()) == text("title");
        if let Some(title) = title.filter(|_| kept) {
            change["title"] = title.into();
        }
        let answer = self.patch(number, &change).await?;
        if answer.get("state").and_then(Value::as_str) == Some("closed") {
            // It says what was proposed when it was closed or merged, not what came after.
            let before = json!({"body": body, "title": text("title")});
            self.patch(number, &before).await?;
            self.context.runner.line(format!(
                "#{number} was closed meanwhile: its description stays as it was"
            ));
            return Ok(());
        }
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

/// Names the permission, where a lack of one is what the refusal may mean.
fn for_lack_of(error: Error, hint: &str) -> Error {
    match error.code() {
        Some("403" | "404" | "FORBIDDEN") if error.wait().is_none() => error.hint(hint),
        _ if error.message().contains("rule violation") => error.with_code("FORBIDDEN").hint(
            "A rule of the repository (Settings, Rules) forbids this to the token: let its App or GitHub Actions bypass it, or \
             name a `branch` that no rule is about.",
        ),
        _ => error,
    }
}
