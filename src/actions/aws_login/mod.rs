//! GitHub OIDC token to STS credentials in the environment; optionally a login to ECR.

mod args;
mod chain;
mod claims;
mod docker_config;
mod exchange;
mod login;
mod minify;
mod persist;
mod plan;
mod refusal;
mod registry;
mod run;
mod skew;
mod subject;
mod tags;

pub use args::Args;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `aws-login`.
pub struct AwsLogin;

/// The outputs of `aws-login`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    aws_account_id: String,
    authenticated_arn: String,
    aws_expiration: String,
    registry: Option<String>,
    aws_access_key_id: Option<String>,
    aws_secret_access_key: Option<String>,
    aws_session_token: Option<String>,
}

impl Action for AwsLogin {
    const NAME: &'static str = "aws-login";
    const SUMMARY: &'static str =
        "Exchanges the job's GitHub OIDC token for AWS credentials, and logs in to ECR if asked";
    const BRANDING: (&'static str, &'static str) = ("log-in", "orange");
    const EXAMPLES: &'static [&'static str] = &[
        "aws-login --role-to-assume arn:aws:iam::123456789012:role/deploy --aws-region eu-central-1",
        "aws-login --operation logout",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "aws-account-id",
            description: "Account of the assumed role, for example `123456789012`",
        },
        OutputSpec {
            name: "authenticated-arn",
            description: "Session, for example `arn:aws:sts::123456789012:assumed-role/deploy/gha-1-1`",
        },
        OutputSpec {
            name: "aws-expiration",
            description: "End of the credentials, for example `2026-11-24T12:00:00Z`",
        },
        OutputSpec {
            name: "registry",
            description: "ECR registry logged in to, for example `123456789012.dkr.ecr.eu-central-1.amazonaws.com`",
        },
        OutputSpec {
            name: "aws-access-key-id",
            description: "Access key id, only with `output-credentials: 'true'`",
        },
        OutputSpec {
            name: "aws-secret-access-key",
            description: "Secret access key, only with `output-credentials: 'true'`",
        },
        OutputSpec {
            name: "aws-session-token",
            description: "Session token, only with `output-credentials: 'true'`",
        },
    ];

    const ALWAYS: Option<&'static str> = Some("logout");

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        run::run(args, context).await.map(Outcome::from)
    }
}
