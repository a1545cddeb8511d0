//! Who may do what, and what GitHub says to those who may not.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::api::Failure;
use super::model::{Access, Identity, Repository, TokenKind};
use super::state::GitHub;

/// The permission that an endpoint asks for.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    pub permission: &'static str,
    pub access: Access,
}

impl Needs {
    pub const fn read(permission: &'static str) -> Self {
        let access = Access::Read;
        Self { permission, access }
    }

    pub const fn write(permission: &'static str) -> Self {
        let access = Access::Write;
        Self { permission, access }
    }
}

/// The token of a request: `Authorization: Bearer`, `token`, or the password of basic authentication.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(rest.trim().to_owned()),
        "basic" => {
            let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
            let (user, password) = pair.split_once(':')?;
            // git also takes the token as the user name, with `x-oauth-basic` or nothing as the password.
            Some(if password.is_empty() || password == "x-oauth-basic" {
                user.to_owned()
            } else {
                password.to_owned()
            })
        }
        _ => None,
    }
}

/// Who makes this request; an unknown token is refused.
pub fn identify(github: &GitHub, headers: &HeaderMap) -> Result<Identity, Failure> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(Identity::anonymous());
    }
    token(headers)
        .and_then(|token| github.identify(&token))
        .ok_or_else(|| Failure::new(401, "Bad credentials"))
}

/// Whether `identity` may do this with the repository.
pub fn check(identity: &Identity, repository: &Repository, needs: Needs) -> Result<(), Failure> {
    let public_read = needs.access == Access::Read && !repository.options.private;
    let not_found = || Failure::new(404, "Not Found");
    match &identity.kind {
        TokenKind::Member => Ok(()),
        _ if public_read => Ok(()),
        TokenKind::Anonymous if repository.options.private => Err(not_found()),
        TokenKind::Anonymous => Err(Failure::new(401, "Requires authentication")),
        TokenKind::Outsider if identity.login == repository.owner => Ok(()),
        TokenKind::Outsider if repository.options.private => Err(not_found()),
        // Anybody may open a pull request from a fork, and comment on it.
        TokenKind::Outsider if ["pull-requests", "issues"].contains(&needs.permission) => Ok(()),
        TokenKind::Outsider => Err(Failure::new(
            403,
            "Resource not accessible by personal access token",
        )),
        TokenKind::App(permissions) if permissions.allow(needs.permission, needs.access) => Ok(()),
        TokenKind::Job {
            repository: own,
            permissions,
            ..
        } if *own == repository.full_name()
            && (needs.permission == "metadata"
                || permissions.allow(needs.permission, needs.access)) =>
        {
            Ok(())
        }
        TokenKind::Job {
            repository: own, ..
        } if *own != repository.full_name() && repository.options.private => Err(not_found()),
        TokenKind::App(_) | TokenKind::Job { .. } => {
            Err(Failure::new(403, "Resource not accessible by integration").lacking(needs))
        }
    }
}
