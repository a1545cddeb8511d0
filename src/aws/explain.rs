//! What AWS said, in one line.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::Error;

/// Code of an error that came with an answer which is none of AWS's.
const FOREIGN: &str = "no answer of AWS";

/// Code of an error that came with a status and nothing else.
const UNSAID: &str = "no reason";

/// An error of kind *refused* that says what was tried, and AWS's code, message and request id. The SDK's own text for
/// an answer of the service is no more than "service error".
pub fn explain<E>(tried: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    if let Some(answer) = foreign(error) {
        return Error::refused(format!("{tried}: {answer}"))
            .with_code(FOREIGN)
            .hint(FOREIGN_HINT);
    }
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status();
            let answer = answer.err();
            let Some(code) = answer.code() else {
                return Error::refused(format!("{tried}: AWS answered status {status} and no reason"))
                    .with_code(UNSAID)
                    .hint("AWS or a gateway before it has a fault, or is asked too much: run the step again.");
            };
            let message = answer.message().unwrap_or("no message");
            let request = answer
                .request_id()
                .map_or_else(String::new, |id| format!(" (request {id})"));
            Error::refused(format!("{tried}: AWS answered {code}: {message}{request}"))
                .with_code(code)
        }
        other => Error::refused(format!("{tried}: {}", causes(other)))
            .hint("Check the region, the network and AWS_ENDPOINT_URL, then run the step again."),
    }
}

/// Content types of AWS's protocols: Query (XML) and JSON.
const FORMS: [&str; 2] = ["text/xml", "x-amz-json"];

/// What to do where something else answers in the place of AWS.
pub const FOREIGN_HINT: &str = "Something between this machine and AWS answers in its place: a proxy, a firewall or another server. Check \
     HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL.";

/// What came back, if it is none of AWS's answers and will not become one by itself: a refusal, or a page, without an error
/// code. A gateway's fault (status 5xx, 408 or 429) is none of these.
fn foreign<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let answer = error.raw_response()?;
    let status = answer.status().as_u16();
    let form = answer
        .headers()
        .get("content-type")
        .unwrap_or("no content type");
    // An answer of AWS's that broke off: its form is right, and what is missing is on its way no more.
    let broke_off = answer.status().is_success() && FORMS.iter().any(|one| form.contains(one));
    if error.code().is_some() || passes(status) || broke_off {
        return None;
    }
    Some(format!(
        "the answer is none of AWS's: status {status}, {form}"
    ))
}

/// Whether an HTTP status tells of a fault that may pass.
pub const fn passes(status: u16) -> bool {
    status >= 500 || matches!(status, 408 | 429)
}

/// An error and what caused it, each text once. The SDK's own way of showing that adds the debug form of it all.
fn causes(error: &dyn std::error::Error) -> String {
    let mut texts = vec![without_request(error.to_string())];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = without_request(cause.to_string());
        if !texts.contains(&text) {
            texts.push(text);
        }
        source = cause.source();
    }
    texts.join(": ")
}

/// A text of the SDK up to the request that it may hold: a token or a password may stand in there.
fn without_request(mut text: String) -> String {
    let forms = ["Request {", "SdkBody", "HttpRequest"];
    if let Some(at) = forms.iter().filter_map(|form| text.find(form)).min() {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// What a failed call means for whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller may not do it.
    Denied,
    /// The credentials have ended, or never were good.
    Expired,
    /// Too many calls.
    Throttled,
    /// A fault of the network or of AWS that may pass.
    Passing,
    /// The cluster, service or deployment is not there.
    Missing,
    /// Something else answered in the place of AWS.
    Foreign,
    /// The call itself was wrong, or the resource is in no state for it.
    Wrong,
}

/// Classifies an error that [`explain`] made.
///
/// Codes: common errors and errors of the operations in the Amazon ECS API reference, November 2026.
pub fn refusal(error: &Error) -> Refusal {
    match error.code() {
        Some(FOREIGN) => Refusal::Foreign,
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation") => Refusal::Denied,
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken",
        ) => Refusal::Expired,
        Some(code) if code.contains("Throttl") || code.starts_with("TooManyRequests") => {
            Refusal::Throttled
        }
        None
        | Some(
            "ServerException"
            | "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "RequestTimeout"
            | UNSAID,
        ) => Refusal::Passing,
        Some(code) if code.contains("NotFound") => Refusal::Missing,
        Some(_) => Refusal::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_in_an_error_is_not_shown() {
        let error = std::io::Error::other(
            "failed to apply endpoint `x` to request `Request { body: SdkBody { inner: Once(Some(b\"WebIdentityToken=ey\"",
        );
        let told = causes(&error);
        assert_eq!(told, "failed to apply endpoint `x` to request `…");
    }
}
