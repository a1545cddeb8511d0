//! GitHub's OIDC issuer: key pair, discovery document, tokens.
//!
//! Source: "OpenID Connect reference" in GitHub's documentation, November 2026 (claims, forms of `sub`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Map, Value, json};

use crate::{Settings, Urls, World};

/// Seconds that a token lives.
const LIFETIME: f64 = 300.0;
const KEY_ID: &str = "world";

/// The form of the subject of a repository's tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectForm {
    /// `repo:OWNER/REPO:…`
    #[default]
    Classic,
    /// `repo:OWNER@ID/REPO@ID:…`: repositories made, renamed or moved since 15 July 2026.
    Immutable,
}

/// What a token says about a job.
#[derive(Clone, Debug)]
pub struct JobIdentity {
    pub repository: String,
    pub repository_id: u64,
    pub repository_owner_id: u64,
    pub git_ref: String,
    pub sha: String,
    pub event_name: String,
    pub environment: Option<String>,
    pub job_workflow_ref: String,
    pub actor: String,
    pub run_id: u64,
    pub subject: SubjectForm,
}

impl JobIdentity {
    /// The `sub` claim. An environment wins over everything, a pull request over the ref.
    pub fn sub(&self) -> String {
        let (owner, name) = self.repository.split_once('/').unwrap_or(("", ""));
        let repository = match self.subject {
            SubjectForm::Classic => self.repository.clone(),
            SubjectForm::Immutable => format!(
                "{owner}@{}/{name}@{}",
                self.repository_owner_id, self.repository_id
            ),
        };
        let context = match (&self.environment, self.event_name.as_str()) {
            (Some(environment), _) => format!("environment:{}", environment.replace(':', "%3A")),
            (None, "pull_request") => "pull_request".to_owned(),
            (None, _) => format!("ref:{}", self.git_ref),
        };
        format!("repo:{repository}:{context}")
    }
}

/// GitHub's issuer of OIDC tokens.
pub struct Issuer {
    /// `iss` of its tokens.
    pub url: String,
    signing: EncodingKey,
    keys: JwkSet,
    jobs: Mutex<BTreeMap<String, JobIdentity>>,
    ages: Mutex<VecDeque<f64>>,
    gateway: Mutex<VecDeque<u16>>,
}

impl Issuer {
    /// An issuer with an RSA key of 2048 bits, kept in the world's folder since it takes a while to make.
    pub fn new(settings: &Settings, urls: &Urls) -> Self {
        let key = key(&settings.root.join("oidc-key.pem"));
        let keys = json!({"keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID,
            "n": URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()),
            "e": URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()),
        }]});
        let der = key.to_pkcs1_der().expect("a key that was just made");
        Self {
            url: format!("{}/oidc", urls.github),
            signing: EncodingKey::from_rsa_der(der.as_bytes()),
            keys: serde_json::from_value(keys).expect("a key set of RFC 7517"),
            jobs: Mutex::default(),
            ages: Mutex::default(),
            gateway: Mutex::default(),
        }
    }

    /// The next tokens are handed out so many seconds after they were made.
    pub fn age_tokens(&self, seconds: impl IntoIterator<Item = f64>) {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.extend(seconds);
    }

    /// The next requests for a token end with these statuses, as a gateway in front of the issuer answers.
    pub fn gateway_answers(&self, statuses: impl IntoIterator<Item = u16>) {
        let mut gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        gateway.extend(statuses);
    }

    /// Lets a job ask for tokens: values for `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub fn allow(&self, job: JobIdentity) -> (String, String) {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let url = format!("{}/token?run={}", self.url, job.run_id);
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.clone(), job);
        (url, token)
    }

    /// Takes a job's right to ask for tokens away, when it has ended.
    pub fn forbid(&self, request_token: &str) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.remove(request_token);
    }

    /// The key of the published set (RFC 7517) that a token says it is signed with.
    pub(crate) fn verifying_key(&self, token: &str) -> Option<DecodingKey> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.keys.find(&header.kid?)?;
        DecodingKey::from_jwk(key).ok()
    }

    fn token(&self, job: &JobIdentity, audience: &str, now: f64) -> Option<String> {
        #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
        let at = |seconds: f64| seconds as i64;
        let owner = job.repository.split('/').next().unwrap_or("");
        let mut claims = Map::new();
        for (name, value) in [
            ("iss", json!(self.url)),
            ("aud", json!(audience)),
            ("sub", json!(job.sub())),
            ("jti", json!(uuid::Uuid::new_v4().to_string())),
            ("iat", json!(at(now))),
            ("nbf", json!(at(now - 600.0))),
            ("exp", json!(at(now + LIFETIME))),
            ("repository", json!(job.repository)),
            ("repository_id", json!(job.repository_id.to_string())),
            ("repository_owner", json!(owner)),
            (
                "repository_owner_id",
                json!(job.repository_owner_id.to_string()),
            ),
            ("ref", json!(job.git_ref)),
            ("sha", json!(job.sha)),
            ("event_name", json!(job.event_name)),
            ("job_workflow_ref", json!(job.job_workflow_ref)),
            ("actor", json!(job.actor)),
            ("run_id", json!(job.run_id.to_string())),
            ("runner_environment", json!("github-hosted")),
        ] {
            claims.insert(name.to_owned(), value);
        }
        if let Some(environment) = &job.environment {
            claims.insert("environment".to_owned(), json!(environment));
        }
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, &Value::Object(claims), &self.signing).ok()
    }
}

fn key(path: &std::path::Path) -> rsa::RsaPrivateKey {
    if let Ok(text) = std::fs::read_to_string(path)
        && let Ok(key) = rsa::RsaPrivateKey::from_pkcs1_pem(&text)
    {
        return key;
    }
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)
        .expect("the system has random numbers");
    if let Ok(text) = key.to_pkcs1_pem(rsa::pkcs8::LineEnding::LF) {
        let kept = std::fs::write(path, text.as_bytes());
        drop(kept);
    }
    key
}

/// Discovery document, key set and token endpoint.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/.well-known/jwks", get(jwks))
        .route("/oidc/token", get(token))
        .with_state(world)
}

async fn discovery(State(world): State<Arc<World>>) -> Json<Value> {
    let issuer = &world.oidc.url;
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }))
}

async fn jwks(State(world): State<Arc<World>>) -> Json<JwkSet> {
    Json(world.oidc.keys.clone())
}

async fn token(
    State(world): State<Arc<World>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token);
    let gateway = {
        let mut gateway = world
            .oidc
            .gateway
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        gateway
            .pop_front()
            .and_then(|status| StatusCode::from_u16(status).ok())
    };
    if let Some(status) = gateway {
        world
            .journal
            .record("oidc", "GetToken", "job", status.as_u16(), "gateway");
        return (status, Html("<html>Bad Gateway</html>")).into_response();
    }
    let job = {
        let jobs = world
            .oidc
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        jobs.get(given).cloned()
    };
    let audience = query.get("audience").map_or("", String::as_str);
    let age = {
        let mut ages = world
            .oidc
            .ages
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ages.pop_front().unwrap_or_default()
    };
    let minted = job.and_then(|job| world.oidc.token(&job, audience, world.clock.unix() - age));
    let (status, body) = match minted {
        Some(token) => (StatusCode::OK, json!({"value": token})),
        None => (StatusCode::UNAUTHORIZED, json!({"message": "Unauthorized"})),
    };
    world
        .journal
        .record("oidc", "GetToken", "job", status.as_u16(), audience);
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(environment: Option<&str>, event: &str, subject: SubjectForm) -> JobIdentity {
        JobIdentity {
            repository: "acme/idp".to_owned(),
            repository_id: 7,
            repository_owner_id: 5,
            git_ref: "refs/heads/main".to_owned(),
            sha: "0".repeat(40),
            event_name: event.to_owned(),
            environment: environment.map(str::to_owned),
            job_workflow_ref: "acme/idp/.github/workflows/x.yml@refs/heads/main".to_owned(),
            actor: "ada".to_owned(),
            run_id: 1,
            subject,
        }
    }

    #[test]
    fn subjects_have_the_forms_of_the_documentation() {
        let classic = SubjectForm::Classic;
        assert_eq!(
            job(None, "push", classic).sub(),
            "repo:acme/idp:ref:refs/heads/main"
        );
        assert_eq!(
            job(None, "pull_request", classic).sub(),
            "repo:acme/idp:pull_request"
        );
        assert_eq!(
            job(Some("a:b"), "pull_request", classic).sub(),
            "repo:acme/idp:environment:a%3Ab"
        );
        assert_eq!(
            job(Some("production"), "push", SubjectForm::Immutable).sub(),
            "repo:acme@5/idp@7:environment:production"
        );
    }
}
