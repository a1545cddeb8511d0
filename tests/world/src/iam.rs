//! Roles, sessions and policies.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::Settings;

mod asked;
mod policy;

pub use policy::{Context, allows as policy_allows};

/// An authenticated caller: a session of a role.
#[derive(Clone, Debug)]
pub struct Principal {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub arn: String,
    /// Name of the role.
    pub role: String,
}

/// Temporary credentials and whose they are.
#[derive(Clone, Debug)]
pub struct Session {
    pub access_key: String,
    pub secret: String,
    pub token: String,
    /// Simulated seconds since the Unix epoch.
    pub expires: f64,
    pub principal: Principal,
}

/// A role: who may assume it, what it may do, for how long.
#[derive(Clone, Debug)]
pub struct Role {
    pub trust: Value,
    pub permissions: Value,
    /// Longest session in seconds.
    pub longest_session: i64,
}

/// The account's roles and sessions.
#[derive(Debug)]
pub struct Iam {
    account: String,
    asked: asked::Asked,
    roles: Mutex<BTreeMap<String, Role>>,
    sessions: Mutex<BTreeMap<String, Session>>,
}

impl Iam {
    /// An account with one role, `admin`, which may do everything and which nobody can assume by OIDC.
    pub fn new(settings: &Settings) -> Self {
        let iam = Self {
            account: settings.account.clone(),
            asked: asked::Asked::new(settings.record.clone()),
            roles: Mutex::default(),
            sessions: Mutex::default(),
        };
        let everything =
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        iam.put_role("admin", json!({"Statement": []}), everything);
        iam
    }

    /// Creates or replaces a role with its trust policy and one permission policy; sessions of one hour at most.
    pub fn put_role(&self, name: &str, trust: Value, permissions: Value) {
        let role = Role {
            trust,
            permissions,
            longest_session: 3600,
        };
        self.roles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), role);
    }

    pub fn role(&self, name: &str) -> Option<Role> {
        let roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        roles.get(name).cloned()
    }

    /// Starts a session that ends at `expires` (simulated seconds since the Unix epoch).
    pub fn session(&self, role: &str, name: &str, expires: f64) -> Session {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        let session = Session {
            access_key: format!("ASIA{}", random()[..16].to_uppercase()),
            secret: format!("{}{}", random(), &random()[..8]),
            token: format!("token-{}{}", random(), random()),
            expires,
            principal: Principal {
                arn: format!("arn:aws:sts::{}:assumed-role/{role}/{name}", self.account),
                role: role.to_owned(),
            },
        };
        self.sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session.access_key.clone(), session.clone());
        session
    }

    /// Ends a session now, whenever it was to end.
    pub fn end_session(&self, access_key: &str) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get_mut(access_key) {
            session.expires = 0.0;
        }
    }

    pub(crate) fn find_session(&self, access_key: &str) -> Option<Session> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(access_key).cloned()
    }

    /// Whether the role of the caller may do `action` (`s3:GetObject`) on `resource` (an ARN).
    /// `resource_policy` is the policy of the resource itself, such as a bucket's.
    pub fn allows(
        &self,
        caller: &Principal,
        action: &str,
        resource: &str,
        resource_policy: Option<&Value>,
    ) -> bool {
        self.judge(caller, action, resource, resource_policy, &Context::new())
            .is_ok()
    }

    /// Like [`Self::allows`], with the condition keys of the request and the reason of a denial.
    pub fn judge(
        &self,
        caller: &Principal,
        action: &str,
        resource: &str,
        resource_policy: Option<&Value>,
        context: &Context,
    ) -> Result<(), Denial> {
        self.asked.write(caller, action, resource, context);
        let permissions = self
            .role(&caller.role)
            .map_or_else(|| json!({}), |role| role.permissions);
        let role_arn = format!("arn:aws:iam::{}:role/{}", self.account, caller.role);
        let root = format!("arn:aws:iam::{}:root", self.account);
        let resource_says = |names: &[&str]| {
            resource_policy
                .and_then(|policy| policy_allows(policy, Some(names), action, resource, context))
        };
        let own = policy_allows(&permissions, None, action, resource, context);
        // The account as a principal stands for all of its roles in a denial, and grants nothing to them by itself.
        let everyone = [role_arn.as_str(), &caller.arn, &root, &self.account];
        if own == Some(false) {
            Err(Denial::ByIdentity)
        } else if resource_says(&everyone) == Some(false) {
            Err(Denial::ByResource)
        } else if own == Some(true) || resource_says(&everyone[..2]) == Some(true) {
            Ok(())
        } else {
            Err(Denial::Unallowed)
        }
    }
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// A policy of the role denies it.
    ByIdentity,
    /// The policy of the resource denies it.
    ByResource,
    /// No policy allows it.
    Unallowed,
}
