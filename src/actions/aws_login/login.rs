//! Credentials, masked, and where they go.

use aws_sdk_sts::types::{AssumedRoleUser, Credentials};

use super::args::Args;
use crate::action::Context;
use crate::error::{Error, Result};
use crate::runner::Secret;

/// Variables that carry the credentials to the steps that follow.
pub(super) const VARIABLES: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];
/// Variable that tells later steps of this suite when the credentials end.
pub(super) const EXPIRATION: &str = "KECS_CREDENTIALS_EXPIRE";

/// Credentials of a session.
pub(super) struct Login {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub(super) arn: String,
    /// RFC 3339.
    pub(super) expiration: String,
    pub(super) access_key: Secret,
    pub(super) secret_key: Secret,
    pub(super) session_token: Secret,
}

impl Login {
    pub(super) fn of(
        context: &Context,
        credentials: Option<&Credentials>,
        user: Option<&AssumedRoleUser>,
    ) -> Result<Self> {
        let incomplete = || Error::refused("AWS STS answered without credentials");
        let credentials = credentials.ok_or_else(incomplete)?;
        let user = user.ok_or_else(incomplete)?;
        Ok(Self {
            arn: user.arn().to_owned(),
            expiration: credentials.expiration().to_string(),
            // The access key id is no secret: it stands in CloudTrail, and in the summary to find it there.
            access_key: context.runner.unmasked(credentials.access_key_id()),
            secret_key: context.runner.secret(credentials.secret_access_key()),
            session_token: context.runner.secret(credentials.session_token()),
        })
    }

    pub(super) fn values(&self) -> [&str; 3] {
        [
            self.access_key.expose(),
            self.secret_key.expose(),
            self.session_token.expose(),
        ]
    }

    /// Hands the credentials to the steps that follow.
    pub(super) fn export(&self, args: &Args, context: &Context, region: &str) -> Result<()> {
        if !args.output_env_credentials {
            return Ok(());
        }
        for (variable, value) in VARIABLES.iter().zip(self.values()) {
            context.runner.export(variable, value)?;
        }
        context.runner.export(EXPIRATION, &self.expiration)?;
        context.runner.export("AWS_REGION", region)?;
        context.runner.export("AWS_DEFAULT_REGION", region)
    }
}
