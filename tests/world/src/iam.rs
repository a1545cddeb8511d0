//! Roles, sessions and policies.

use serde_json::Value;

use crate::Settings;

/// An authenticated caller: a session of a role.
#[derive(Clone, Debug)]
pub struct Principal {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub arn: String,
    /// Name of the role.
    pub role: String,
}

/// The account's roles and sessions.
#[derive(Debug)]
pub struct Iam {}

impl Iam {
    pub fn new(_settings: &Settings) -> Self {
        Self {}
    }

    /// Creates or replaces a role with its trust policy and one permission policy.
    pub fn put_role(&self, _name: &str, _trust: Value, _permissions: Value) {}

    /// Whether the role of the caller may do `action` (`s3:GetObject`) on `resource` (an ARN).
    /// `resource_policy` is the policy of the resource itself, such as a bucket's.
    pub fn allows(
        &self,
        _caller: &Principal,
        _action: &str,
        _resource: &str,
        _resource_policy: Option<&Value>,
    ) -> bool {
        false
    }
}
