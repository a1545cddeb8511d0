use crate::runner::inputs::{List, boolean};

/// What the action does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Operation {
    /// Exchange the OIDC token for credentials.
    #[default]
    Login,
    /// Blank the exported credentials and remove the registry login.
    Logout,
}

/// Inputs of `aws-login`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do: `login`, or `logout` in a last step with `if: always()`
    #[arg(long, value_enum, default_value_t)]
    pub operation: Operation,
    /// ARN of the IAM role to assume, for example `arn:aws:iam::123456789012:role/deploy`; needed for `login`
    #[arg(long, value_name = "ARN")]
    pub role_to_assume: Option<String>,
    /// AWS region, for example `eu-central-1`; by default `AWS_REGION`
    #[arg(long, value_name = "REGION")]
    pub aws_region: Option<String>,
    /// Session name in CloudTrail, 2 to 64 characters; by default `gha-<run id>-<attempt>`
    #[arg(long, value_name = "NAME")]
    pub role_session_name: Option<String>,
    /// Seconds that the credentials live, 900 to 43200
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(i32).range(900..=43200))]
    pub role_duration_seconds: i32,
    /// Audience of the OIDC token
    #[arg(long, value_name = "AUDIENCE", default_value = "sts.amazonaws.com")]
    pub audience: String,
    /// Account ids that the role may belong to, separated by commas or lines; by default any
    #[arg(long, value_name = "IDS")]
    pub allowed_account_ids: Option<List>,
    /// Subject that the OIDC token must have, `*` for any text, checked before AWS is asked
    #[arg(long, value_name = "GLOB")]
    pub expected_sub: Option<String>,
    /// Whether to log in to ECR: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub ecr_login: bool,
    /// Account ids whose ECR registries to log in to; by default the role's
    #[arg(long, value_name = "IDS")]
    pub registries: Option<List>,
    /// Whether the credentials become outputs too: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub output_credentials: bool,
}
