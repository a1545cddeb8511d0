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

/// The kind of ECR registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RegistryType {
    /// `<account>.dkr.ecr.<region>.amazonaws.com`
    #[default]
    Private,
    /// `public.ecr.aws`
    Public,
}

/// Inputs of `aws-login`. Those that `aws-actions/configure-aws-credentials` and `aws-actions/amazon-ecr-login` have too
/// have their names and meaning.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do: `login`, or `logout` in a last step with `if: always()`
    #[arg(long, value_enum, default_value_t)]
    pub operation: Operation,
    /// ARN of the IAM role to assume, for example `arn:aws:iam::123456789012:role/deploy`; needed for `login`. With `role-chaining` the name alone will do
    #[arg(long, value_name = "ARN")]
    pub role_to_assume: Option<String>,
    /// AWS region, for example `eu-central-1`; by default `AWS_REGION`
    #[arg(long, value_name = "REGION")]
    pub aws_region: Option<String>,
    /// Session name in CloudTrail, 2 to 64 characters; by default `gha-<run id>-<attempt>`
    #[arg(long, value_name = "NAME")]
    pub role_session_name: Option<String>,
    /// Seconds that the credentials live, 900 to 43200; at most 3600 with `role-chaining`
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
    /// Whether to assume the role with the credentials that the job already has, instead of an OIDC token: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub role_chaining: bool,
    /// External id that the role's trust policy asks for; only with `role-chaining`
    #[arg(long, value_name = "ID")]
    pub role_external_id: Option<String>,
    /// Whether to leave out the session tags that `role-chaining` sets: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub role_skip_session_tagging: bool,
    /// Further session tags of `role-chaining`, as a JSON object of texts
    #[arg(long, value_name = "JSON")]
    pub custom_tags: Option<String>,
    /// Keys of session tags that the next role in a chain gets too, separated by commas or lines
    #[arg(long, value_name = "KEYS")]
    pub transitive_tag_keys: Option<List>,
    /// IAM policy, as JSON, that the session's permissions are cut down to
    #[arg(long, value_name = "JSON")]
    pub inline_session_policy: Option<String>,
    /// ARNs of IAM policies that the session's permissions are cut down to, at most ten, separated by commas or lines
    #[arg(long, value_name = "ARNS")]
    pub managed_session_policies: Option<List>,
    /// Attempts at an exchange that fails for a passing reason; it ends after `action-timeout-s` all the same
    #[arg(long, value_name = "COUNT", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub retry_max_attempts: u32,
    /// Whether a failed attempt is the last one: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub disable_retry: bool,
    /// Seconds after which the exchange is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub action_timeout_s: u64,
    /// Whether the account id is masked in the log, which empties outputs that hold it in other jobs: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub mask_aws_account_id: bool,
    /// Whether credentials and region become environment variables of the steps that follow: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "true", value_parser = boolean)]
    pub output_env_credentials: bool,
    /// Whether the credentials become outputs too: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub output_credentials: bool,
    /// Whether to log in to ECR: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub ecr_login: bool,
    /// Account ids whose ECR registries to log in to; by default the role's
    #[arg(long, value_name = "IDS")]
    pub registries: Option<List>,
    /// Registry to log in to: `private`, or `public` for public.ecr.aws
    #[arg(long, value_enum, default_value_t)]
    pub registry_type: RegistryType,
}
