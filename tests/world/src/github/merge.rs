//! Merging pull requests: by hand, and by GitHub once the required workflows succeeded.

use std::sync::Arc;

use super::api::Failure;
use super::model::{AutoMerge, Identity, Merge, MergeMethod, PullRequest, Repository};
use super::write::{NewCommit, headline};
use super::{commits, events, pulls};
use crate::World;

/// What a merge is asked to be.
pub struct Wish {
    pub method: MergeMethod,
    pub headline: Option<String>,
    pub body: Option<String>,
    /// The head that the caller has seen.
    pub expected_head: Option<String>,
}

/// The REST API's word for a method.
pub fn name(method: MergeMethod) -> &'static str {
    match method {
        MergeMethod::Merge => "merge",
        MergeMethod::Squash => "squash",
    }
}

/// The required workflow that has not succeeded on the head of the pull request.
pub fn missing_workflow(
    world: &World,
    repository: &Repository,
    pull: &PullRequest,
) -> Option<String> {
    let state = world.github.state();
    repository
        .options
        .required_workflows
        .iter()
        .find(|file| {
            let path = format!(".github/workflows/{file}");
            !state.runs.iter().any(|run| {
                run.repository == repository.full_name()
                    && run.workflow_path == path
                    && run.event == "pull_request"
                    && run.head_sha == pull.head_sha
                    && run.conclusion.as_deref() == Some("success")
            })
        })
        .cloned()
}

/// Merges a pull request; the commit that the base branch then has.
pub async fn merge(
    world: &Arc<World>,
    repository: &Repository,
    number: u64,
    wish: &Wish,
    by: &Identity,
) -> Result<String, Failure> {
    let full_name = repository.full_name();
    let pull = world
        .github
        .state()
        .pull(&full_name, number)
        .cloned()
        .ok_or_else(Failure::not_found)?;
    if !pull.open || pull.draft {
        return Err(Failure::new(405, "Pull Request is not mergeable"));
    }
    if wish
        .expected_head
        .as_ref()
        .is_some_and(|head| *head != pull.head_sha)
    {
        return Err(Failure::new(
            409,
            "Head branch was modified. Review and try the merge again.",
        ));
    }
    if repository.options.merge_queue {
        let text = "Changes must be made through the merge queue";
        return Err(Failure::new(405, text));
    }
    if let Some(file) = missing_workflow(world, repository, &pull) {
        return Err(Failure::new(
            405,
            format!("Required status check \"{file}\" is expected."),
        ));
    }
    let sha = commit(world, repository, &pull, wish, by).await?;
    let now = world.clock.now();
    let base = format!("refs/heads/{}", pull.base_branch);
    // The record comes first, so that the move of the base branch does not take it for a merge by push.
    let closed = {
        let mut state = world.github.state();
        let pull = state
            .pull(&full_name, number)
            .filter(|pull| pull.open)
            .ok_or_else(|| Failure::new(405, "Pull Request is not mergeable"))?;
        pull.open = false;
        pull.closed = Some(now);
        pull.updated = now;
        pull.merged = Some(Merge {
            by: by.login.clone(),
            sha: sha.clone(),
            at: now,
        });
        pull.clone()
    };
    if repository
        .git
        .update(&base, &sha, &pull.base_sha)
        .await
        .is_err()
    {
        if let Some(reopened) = world.github.state().pull(&full_name, number) {
            *reopened = pull.clone();
        }
        return Err(Failure::new(
            405,
            "Base branch was modified. Review and try the merge again.",
        ));
    }
    events::reference_moved(world, repository, &base, &pull.base_sha, &sha, by).await;
    events::pull_request(world, repository, &closed, "closed", by).await;
    Ok(sha)
}

/// The commit of a merge, on no branch yet.
async fn commit(
    world: &Arc<World>,
    repository: &Repository,
    pull: &PullRequest,
    wish: &Wish,
    by: &Identity,
) -> Result<String, Failure> {
    let git = &repository.git;
    let tree = git
        .merge_tree(&pull.base_sha, &pull.head_sha)
        .await
        .ok_or_else(|| Failure::new(405, "Pull Request is not mergeable"))?;
    let head_owner = pull.head_repository.split('/').next().unwrap_or_default();
    let (mut parents, first, rest) = match wish.method {
        MergeMethod::Merge => (
            vec![pull.base_sha.clone(), pull.head_sha.clone()],
            format!(
                "Merge pull request #{} from {head_owner}/{}",
                pull.number, pull.head_branch
            ),
            pull.title.clone(),
        ),
        MergeMethod::Squash => {
            let range = format!("{}..{}", pull.base_sha, pull.head_sha);
            let log = git.log(&range, None, 0, 250).await?;
            let (title, body) = match &log[..] {
                [only] => {
                    let (title, body) = headline(only);
                    (title.to_owned(), body.to_owned())
                }
                several => {
                    let lines = several
                        .iter()
                        .rev()
                        .map(|commit| format!("* {}", commit.message));
                    (pull.title.clone(), lines.collect::<Vec<_>>().join("\n\n"))
                }
            };
            (
                vec![pull.base_sha.clone()],
                format!("{title} (#{})", pull.number),
                body,
            )
        }
    };
    parents.dedup();
    let first = wish.headline.clone().unwrap_or(first);
    let rest = wish.body.clone().unwrap_or(rest);
    let message = format!("{first}\n\n{rest}");
    let sha = git
        .write_commit(&NewCommit {
            tree: &tree,
            parents: &parents,
            message: message.trim_end(),
            author: &commits::author(world, &by.login),
            committer: &commits::committer(world),
        })
        .await?;
    world.github.state().signed.insert(sha.clone());
    Ok(sha)
}

/// Asks for a merge as soon as the required workflows succeeded. The text is GitHub's, told by its GraphQL API.
pub fn enable_auto_merge(
    world: &World,
    repository: &Repository,
    number: u64,
    auto: AutoMerge,
    expected_head: Option<&str>,
) -> Result<(), String> {
    if !repository.options.allow_auto_merge {
        return Err("Auto merge is not allowed for this repository".to_owned());
    }
    let full_name = repository.full_name();
    let pull = world.github.state().pull(&full_name, number).cloned();
    let pull = pull.filter(|pull| pull.open);
    let pull = pull.ok_or_else(|| "Pull request is closed".to_owned())?;
    if expected_head.is_some_and(|head| head != pull.head_sha) {
        return Err("Head sha did not match expected_head_oid".to_owned());
    }
    if missing_workflow(world, repository, &pull).is_none() {
        let status = match has_unfinished_run(world, repository, &pull) {
            true => "unstable",
            false => "clean",
        };
        return Err(format!("Pull request Pull request is in {status} status"));
    }
    if let Some(pull) = world.github.state().pull(&full_name, number) {
        pull.auto_merge = Some(auto);
    }
    Ok(())
}

/// Whether a workflow that is not required runs, or has failed, on the head of the pull request.
fn has_unfinished_run(world: &World, repository: &Repository, pull: &PullRequest) -> bool {
    world.github.state().runs.iter().any(|run| {
        run.repository == repository.full_name()
            && run.event == "pull_request"
            && run.head_sha == pull.head_sha
            && run.conclusion.as_deref() != Some("success")
    })
}

/// Puts a pull request into the merge queue; its position, counted from 1.
pub fn enqueue(
    world: &World,
    repository: &Repository,
    number: u64,
    expected_head: Option<&str>,
) -> Result<(usize, PullRequest), String> {
    if !repository.options.merge_queue {
        return Err("Pull request is not in a branch with a merge queue".to_owned());
    }
    let full_name = repository.full_name();
    let mut state = world.github.state();
    let before = state.pulls.get(&full_name).into_iter().flatten();
    let position = before.filter(|pull| pull.open && pull.queued).count() + 1;
    let pull = state.pull(&full_name, number).filter(|pull| pull.open);
    let pull = pull.ok_or_else(|| "Pull request is closed".to_owned())?;
    if expected_head.is_some_and(|head| head != pull.head_sha) {
        return Err("Head sha did not match expected_head_oid".to_owned());
    }
    if pull.queued {
        return Err("Pull request is already in the merge queue".to_owned());
    }
    pull.queued = true;
    Ok((position, pull.clone()))
}

/// Merges what waits for the run that just ended, in the name of whoever asked for it.
pub async fn auto_merge(world: &Arc<World>, full_name: &str) {
    let Some(repository) = world.github.repository(full_name) else {
        return;
    };
    for pull in world.github.pull_requests(full_name) {
        let Some(auto) = pull.auto_merge.clone().filter(|_| pull.open) else {
            continue;
        };
        if missing_workflow(world, &repository, &pull).is_some() {
            continue;
        }
        let wish = Wish {
            method: auto.method,
            headline: auto.headline,
            body: auto.body,
            expected_head: Some(pull.head_sha.clone()),
        };
        let merged = merge(world, &repository, pull.number, &wish, &auto.by).await;
        if let Err(failure) = merged {
            events::note(
                world,
                full_name,
                &format!("auto-merge of #{}: {}", pull.number, failure.message),
            );
        }
    }
}

/// The method that a request names.
pub fn method(text: Option<&str>) -> Result<MergeMethod, Failure> {
    match text.unwrap_or("merge") {
        "merge" => Ok(MergeMethod::Merge),
        "squash" => Ok(MergeMethod::Squash),
        "rebase" => Err(Failure::new(
            405,
            "Rebase merges are not allowed on this repository.",
        )),
        _ => Err(Failure::new(422, "Invalid merge method")),
    }
}

/// Whether the pull request can be merged at all, for GraphQL's `mergeable`.
pub async fn is_mergeable(repository: &Repository, number: u64) -> bool {
    pulls::test_merge(repository, number).await.is_some()
}
