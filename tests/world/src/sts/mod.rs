//! AWS STS: the Query protocol, answers in XML.
//!
//! Source: AWS STS API reference, November 2026 (errors of `AssumeRoleWithWebIdentity`, limits); for the form of an error,
//! replies that users show (awslabs/aws-sdk-rust#827, aws/aws-sdk-js#198, jlevers/selling-partner-api#278).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::request::Parts;
use jsonwebtoken::{Algorithm, Validation};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::World;
use crate::aws::{ApiError, Reply, broken, reply};
use crate::iam::{Context, policy_allows};
use crate::sigv4;

mod assume_role;
mod faults;

pub use faults::{Fault, Faults};

/// The name under which IAM knows GitHub's issuer. The stand-in's issuer has a loopback address; a trust policy that
/// was written for GitHub works here unchanged because its keys are looked up under this name.
const PROVIDER: &str = "token.actions.githubusercontent.com";
/// The only client id of the account's OIDC provider.
const CLIENT_ID: &str = "sts.amazonaws.com";

/// Longer than a client of STS waits for an answer.
const SILENCE: Duration = Duration::from_secs(60);

type Form = BTreeMap<String, String>;

pub async fn answer(world: &Arc<World>, parts: &Parts, body: &Bytes) -> Reply {
    let form = form(&String::from_utf8_lossy(body));
    let action = form.get("Action").cloned().unwrap_or_default();
    let fault = world.sts.take();
    if let Some(Fault::Gateway(status)) = fault {
        return reply(status, "text/html", "<html>Bad Gateway</html>");
    }
    if let Some(Fault::Broken) = fault {
        return broken("text/xml");
    }
    if let Some(Fault::Silence) = fault {
        tokio::time::sleep(SILENCE).await;
    }
    let result = match action.as_str() {
        _ if let Some(error) = fault.as_ref().and_then(Fault::error) => Err(error),
        "AssumeRoleWithWebIdentity" => web_identity(world, &form),
        "AssumeRole" => assume_role::assume_role(world, &form, parts, body),
        "GetCallerIdentity" => caller_identity(world, parts, body),
        _ => Err(ApiError::new(
            400,
            "InvalidAction",
            format!("Could not find operation {action}"),
        )),
    };
    let request = uuid::Uuid::new_v4();
    let (status, text, detail, caller) = match result {
        Ok((caller, inner)) => {
            let text = format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{inner}\
                 </{action}Result><ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></{action}Response>"
            );
            (200, text, String::new(), caller)
        }
        Err(error) => {
            let text = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
                 <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  <RequestId>{request}</RequestId>\n</ErrorResponse>\n",
                error.code,
                escape(&error.message)
            );
            (
                error.status,
                text,
                format!("{}: {}", error.code, error.message),
                "anonymous".to_owned(),
            )
        }
    };
    world.journal.record("sts", action, caller, status, detail);
    let mut answer = reply(status, "text/xml", text);
    if let Some(date) = world.sts.date().and_then(|date| date.parse().ok()) {
        answer.headers_mut().insert("date", date);
    }
    answer
}

fn invalid(message: String) -> ApiError {
    ApiError::new(400, "ValidationError", message)
}

fn check_session_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint"
    )))
}

/// The seconds asked for, one hour by default.
fn duration(text: &str, longest: i64, too_long: impl Fn() -> ApiError) -> Result<i64, ApiError> {
    let duration: i64 = match text {
        "" => 3600,
        text => text
            .parse()
            .map_err(|_| invalid(format!("{text} is no number")))?,
    };
    if (900..=longest).contains(&duration) {
        return Ok(duration);
    }
    Err(too_long())
}

/// A new session, and the part of an answer that tells of it.
fn credentials(world: &World, role: &str, session_name: &str, duration: i64) -> (String, String) {
    #[expect(clippy::cast_precision_loss, reason = "at most twelve hours")]
    let expires = world.clock.unix() + duration as f64;
    let session = world.iam.session(role, session_name, expires);
    let arn = session.principal.arn.clone();
    let inner = format!(
        "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials>\
         <AssumedRoleUser><AssumedRoleId>AROA:{session_name}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>",
        session.access_key,
        session.secret,
        session.token,
        timestamp(expires),
    );
    (arn, inner)
}

fn web_identity(world: &World, form: &Form) -> Result<(String, String), ApiError> {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let session_name = field("RoleSessionName");
    check_session_name(session_name)?;
    let claims = claims(world, field("WebIdentityToken"))?;
    let denied = || {
        ApiError::new(
            403,
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        )
    };
    let prefix = format!("arn:aws:iam::{}:role/", world.settings.account);
    let role_name = field("RoleArn").strip_prefix(&prefix).ok_or_else(denied)?;
    let role = world.iam.role(role_name).ok_or_else(denied)?;
    let context: Context = claims
        .iter()
        .filter_map(|(name, value)| {
            Some((format!("{PROVIDER}:{name}"), value.as_str()?.to_owned()))
        })
        .collect();
    let federated = format!(
        "arn:aws:iam::{}:oidc-provider/{PROVIDER}",
        world.settings.account
    );
    let action = "sts:AssumeRoleWithWebIdentity";
    if policy_allows(&role.trust, Some(&[&federated]), action, "", &context) != Some(true) {
        return Err(denied());
    }
    let duration = duration(field("DurationSeconds"), role.longest_session, || {
        invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                .to_owned(),
        )
    })?;
    let (arn, inner) = credentials(world, role_name, session_name, duration);
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
    let inner = format!(
        "{inner}<SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken><Audience>{}</Audience><Provider>{federated}</Provider>",
        escape(text("sub")),
        escape(text("aud")),
    );
    Ok((arn, inner))
}

/// The claims of a token that this world's issuer signed and that is still valid.
fn claims(world: &World, token: &str) -> Result<serde_json::Map<String, Value>, ApiError> {
    let rejected = |message: &str| ApiError::new(400, "InvalidIdentityToken", message);
    let mut validation = Validation::new(Algorithm::RS256);
    // Expiry and audience are judged below, by the simulated clock and with STS's own errors.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let rejected_token = || {
        rejected(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    };
    let key = world.oidc.verifying_key(token).ok_or_else(rejected_token)?;
    let decoded = jsonwebtoken::decode::<serde_json::Map<String, Value>>(token, &key, &validation)
        .map_err(|_| rejected_token())?;
    let claims = decoded.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(world.oidc.url.as_str()) {
        return Err(rejected(&format!(
            "No OpenIDConnect provider found in your account for {}",
            text("iss").unwrap_or("")
        )));
    }
    if text("aud") != Some(CLIENT_ID) {
        return Err(rejected("Incorrect token audience"));
    }
    if claims.get("exp").and_then(Value::as_f64).unwrap_or(0.0) <= world.clock.unix() {
        return Err(ApiError::new(
            400,
            "ExpiredTokenException",
            "Token expired: current date/time must be before the expiration date/time",
        ));
    }
    Ok(claims)
}

fn caller_identity(
    world: &World,
    parts: &Parts,
    body: &Bytes,
) -> Result<(String, String), ApiError> {
    let caller = sigv4::verify(world, parts, body, "sts")?;
    let inner = format!(
        "<Arn>{}</Arn><UserId>AROA</UserId><Account>{}</Account>",
        caller.arn, world.settings.account
    );
    Ok((caller.arn, inner))
}

fn form(body: &str) -> Form {
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Seconds since the Unix epoch as `2026-11-24T12:00:00Z`.
fn timestamp(unix: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
    let seconds = unix as i64;
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}
