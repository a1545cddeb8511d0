//! What AWS said, in one line.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

use crate::error::Error;

/// An error of kind *refused* that says what was tried, and AWS's code, message and request id. The SDK's own text for
/// an answer of the service is no more than "service error".
pub fn explain<E, R>(tried: &str, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug,
{
    match error {
        SdkError::ServiceError(answer) => {
            let answer = answer.err();
            let code = answer.code().unwrap_or("an unknown error");
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
    /// The credentials have ended.
    Expired,
    /// Too many calls.
    Throttled,
    /// A fault of the network or of AWS that may pass.
    Passing,
    /// The cluster, service or deployment is not there.
    Missing,
    /// The call itself was wrong, or the resource is in no state for it.
    Wrong,
}

/// Classifies an error that [`explain`] made.
///
/// Codes: common errors and errors of the operations in the Amazon ECS API reference, November 2026.
pub fn refusal(error: &Error) -> Refusal {
    match error.code() {
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation") => Refusal::Denied,
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException",
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
            | "an unknown error",
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
