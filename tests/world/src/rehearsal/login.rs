//! A job that logs in to AWS.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::World;
use crate::oidc::{JobIdentity, SubjectForm};

const ISSUER: &str = "token.actions.githubusercontent.com";
/// Where the workflow of the job stands.
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

/// The environment that a job with the permission `id-token: write` has, and the address of AWS.
pub fn environment(world: &World) -> BTreeMap<String, String> {
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
    BTreeMap::from([
        ("ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(), url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(), token),
        ("AWS_ENDPOINT_URL".to_owned(), world.urls.aws.clone()),
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
    ])
}

/// The steps of a job that logs in and out again.
pub fn steps(world: &World) -> Value {
    let role = format!(
        "arn:aws:iam::{}:role/keycloak-deploy",
        world.settings.account
    );
    json!([
        {"name": "Log in", "id": "login", "uses": "./actions/aws-login",
         "with": {"role-to-assume": role, "aws-region": world.settings.region}},
        {"name": "Use the login", "shell": "bash",
         "env": {"ARN": "${{ steps.login.outputs.authenticated-arn }}"},
         "run": "test -n \"$AWS_SESSION_TOKEN\"; echo \"authenticated as $ARN\""},
        {"name": "Log out", "if": "${{ always() }}", "uses": "./actions/aws-login",
         "with": {"operation": "logout"}},
        {"name": "Nothing is left", "if": "${{ always() }}", "shell": "bash",
         "run": "test -z \"$AWS_SESSION_TOKEN\""},
    ])
}
