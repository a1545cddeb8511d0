//! What a new pull request gets beside its text.

use std::time::Duration;

use serde_json::{Value, json};

use super::apply::Writer;
use crate::error::Result;

/// The longest wait that a label is worth.
const MOMENT: Duration = Duration::from_secs(60);

impl Writer<'_> {
    /// Labels, reviewers, assignees, milestone. The pull request stands without them, so a refusal is a warning.
    pub(super) async fn furnish(&self, number: u64) {
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
            let asked = error.wait().filter(|wait| *wait <= MOMENT);
            if asked.is_none() && !error.may_pass() {
                return Err(error);
            }
            self.context.clock.sleep(asked.unwrap_or(pause)).await;
            pause *= 2;
            left -= 1;
        }
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
