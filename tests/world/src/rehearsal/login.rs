//! The stage in which a job logs in to AWS.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::act::{Ended, Run};
use super::story::Story;
use crate::World;
use crate::oidc::{JobIdentity, SubjectForm};

const ISSUER: &str = "token.actions.githubusercontent.com";
const WORKFLOW: &str = ".github/workflows/rehearsal.yml";

/// Makes the role of the account; it trusts one environment of one repository.
pub fn grant(world: &World, environment: &str) {
    world.iam.put_role(
        "keycloak-deploy",
        json!({"Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated":
                format!("arn:aws:iam::{}:oidc-provider/{ISSUER}", world.settings.account)},
            "Condition": {"StringEquals": {
                format!("{ISSUER}:aud"): "sts.amazonaws.com",
                format!("{ISSUER}:sub"): format!("repo:acme/idp:environment:{environment}"),
            }},
        }]}),
        json!({"Statement": []}),
    );
}

/// Runs a workflow whose job logs in and out through the composite action.
pub async fn play(
    story: &Story,
    world: &World,
    checkout: &Path,
    binaries: &Path,
    scratch: &Path,
) -> Result<Ended, String> {
    let role = format!(
        "arn:aws:iam::{}:role/keycloak-deploy",
        world.settings.account
    );
    let file = checkout.join(WORKFLOW);
    std::fs::write(&file, workflow(&role, &world.settings.region).to_string())
        .map_err(|error| format!("could not write {}: {error}", file.display()))?;
    let (url, token) = world.oidc.allow(JobIdentity {
        repository: "acme/idp".to_owned(),
        repository_id: 7,
        repository_owner_id: 5,
        git_ref: "refs/heads/main".to_owned(),
        sha: "0".repeat(40),
        event_name: "push".to_owned(),
        environment: Some("production".to_owned()),
        job_workflow_ref: format!("acme/idp/{WORKFLOW}@refs/heads/main"),
        actor: "ada".to_owned(),
        run_id: 1,
        subject: SubjectForm::Classic,
    });
    let binaries = binaries.to_string_lossy().into_owned();
    let environment = BTreeMap::from([
        ("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(), token),
        ("AWS_ENDPOINT_URL".to_owned(), world.urls.aws.clone()),
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ("KECS_BIN_DIR".to_owned(), binaries),
    ]);
    let run = Run {
        checkout,
        workflow: WORKFLOW,
        event: "push",
        scratch,
        environment,
    };
    run.play(|step, result| story.say(&format!("    {step}: {result}")))
        .await
}

/// The workflow, as JSON, which is YAML too.
fn workflow(role: &str, region: &str) -> Value {
    json!({
        "name": "Rehearsal",
        "on": "push",
        "jobs": {"login": {
            "runs-on": "ubuntu-24.04",
            "environment": "production",
            "permissions": {"contents": "read", "id-token": "write"},
            "steps": [
                {"name": "Check out", "uses": "actions/checkout@v7"},
                {"name": "Log in", "id": "login", "uses": "./actions/aws-login",
                 "with": {"role-to-assume": role, "aws-region": region}},
                {"name": "Use the login", "shell": "bash",
                 "env": {"ARN": "${{ steps.login.outputs.authenticated-arn }}"},
                 "run": "test -n \"$AWS_SESSION_TOKEN\"; echo \"authenticated as $ARN\""},
                {"name": "Log out", "if": "${{ always() }}", "uses": "./actions/aws-login",
                 "with": {"operation": "logout"}},
                {"name": "Nothing is left", "if": "${{ always() }}", "shell": "bash",
                 "run": "test -z \"$AWS_SESSION_TOKEN\""},
            ],
        }},
    })
}
