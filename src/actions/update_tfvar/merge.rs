//! A merge by GitHub, as soon as the pull request's requirements are met.
//!
//! Messages of refusals as users report them (peter-evans/enable-pull-request-automerge#343 and #355), read in November
//! 2026.

use serde_json::json;

use super::state::{Pull, State};
use crate::error::{Error, Result};
use crate::github::Repository;

const ENABLE: &str = "
mutation AutoMerge($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}";
const ENQUEUE: &str = "
mutation Enqueue($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { mergeQueueEntry { position } }
}";

/// Code of the refusal that leaves the merge to a person.
pub(super) const UNSTABLE: &str = "unstable";

/// Turns auto-merge on. A pull request that has nothing to wait for is merged at once, or put into the merge queue.
/// Answers what happened.
pub(super) async fn auto_merge(
    repository: &Repository,
    state: &State,
    pull: &Pull,
) -> Result<String> {
    let number = pull.number;
    let input = json!({
        "pullRequestId": pull.id,
        "expectedHeadOid": pull.head_ref_oid,
        "mergeMethod": state.merge_method,
    });
    let tried = format!("turn on auto-merge for #{number} of");
    let refused = match repository
        .graphql(&tried, ENABLE, json!({ "input": input }))
        .await
    {
        Ok(_) => {
            return Ok(format!(
                "#{number} merges itself when its requirements are met"
            ));
        }
        Err(refused) => refused,
    };
    if refused.message().contains("unstable status") {
        return Err(Error::refused(format!(
            "#{number} was not set to merge itself: a check that is not required is running or failed"
        ))
        .with_code(UNSTABLE)
        .hint("Make the checks required (a branch rule for the base branch), or let a person merge."));
    }
    if !refused.message().contains("clean status") {
        return Err(refused);
    }
    let body = json!({
        "sha": pull.head_ref_oid,
        "merge_method": state.merge_method.to_lowercase(),
    });
    match repository
        .put(&format!("pulls/{number}/merge"), &body)
        .await
    {
        Ok(_) => Ok(format!("#{number} had nothing to wait for and is merged")),
        Err(error) if error.message().contains("merge queue") => {
            let input = json!({"pullRequestId": pull.id, "expectedHeadOid": pull.head_ref_oid});
            let tried = format!("put #{number} into the merge queue of");
            repository
                .graphql(&tried, ENQUEUE, json!({ "input": input }))
                .await?;
            Ok(format!("#{number} is in the merge queue"))
        }
        Err(error) => Err(error),
    }
}
