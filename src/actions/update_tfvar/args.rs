use crate::domain::tfvar::Assignments;
use crate::runner::inputs::{List, boolean};

/// Inputs of `update-tfvar`.
#[derive(Clone, clap::Args)]
pub struct Args {
    /// File to edit, from the root of the repository, for example `terraform/environments/production/image.auto.tfvars`
    #[arg(long, value_name = "FILE")]
    pub file: String,
    /// Values, one a line, for example `keycloak_image_tag=1.4.2`; a key of a map or object is `images.keycloak=1.4.2`
    #[arg(long, value_name = "NAME=VALUE")]
    pub variables: Assignments,
    /// Token that commits and opens the pull request; at a terminal by default `GITHUB_TOKEN` or `GH_TOKEN`
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Whether to edit the file on disk instead of opening a pull request; by default only outside of GitHub
    #[arg(long, value_name = "BOOLEAN", num_args = 0..=1, default_missing_value = "true", value_parser = boolean)]
    pub local: Option<bool>,
    /// Repository as owner/name; by default `GITHUB_REPOSITORY`
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// Branch that the pull request is for; by default the repository's default branch
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Branch of the pull request; by default one for the file, its variables and `base`: `update-tfvar/<file>/<variable>-<hash>`
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// Title of the pull request and headline of the commit; by default it names the first value
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Markdown to put before the description that this action writes; only for a new pull request
    #[arg(long, value_name = "TEXT")]
    pub body: Option<String>,
    /// Facts for the part of the description that this action writes, one a line, for example `26 provider jars verified, no findings`
    #[arg(long, value_name = "LINES")]
    pub facts: Option<String>,
    /// Labels for a new pull request, separated by commas or lines
    #[arg(long, value_name = "NAMES")]
    pub labels: Option<List>,
    /// People who are asked to review a new pull request, separated by commas or lines
    #[arg(long, value_name = "LOGINS")]
    pub reviewers: Option<List>,
    /// Teams of the organisation that are asked to review a new pull request, separated by commas or lines
    #[arg(long, value_name = "NAMES")]
    pub team_reviewers: Option<List>,
    /// People to assign a new pull request to, separated by commas or lines
    #[arg(long, value_name = "LOGINS")]
    pub assignees: Option<List>,
    /// Number of the milestone of a new pull request
    #[arg(long, value_name = "NUMBER")]
    pub milestone: Option<u64>,
    /// Whether a new pull request is a draft: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub draft: bool,
    /// Whether GitHub merges the pull request when its requirements are met; needs another token than the job's own
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub auto_merge: bool,
    /// Whether a lower semantic version may take the place of a higher one: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub allow_downgrade: bool,
    /// Whether to print the difference only, write nothing, and exit with 3 if there is one: `true` or `false`
    #[arg(long, value_name = "BOOLEAN", default_value = "false", value_parser = boolean)]
    pub check: bool,
    /// Prefix of the git tags of the releases; the description lists what their records say is different
    #[arg(long, value_name = "PREFIX", default_value = "keycloak-")]
    pub tag_prefix: String,
}
