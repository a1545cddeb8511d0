//! The HTTP client for everything that is not AWS: GitHub, the OIDC token endpoint, Maven repositories.

use std::time::Duration;

use crate::error::{Error, Result};

/// Time to open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two pieces of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that honours `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`.
pub fn client() -> Result<reqwest::Client> {
    use_ring();
    reqwest::Client::builder()
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(|error| {
            let failed = Error::bug("could not set up the HTTP client").because(error);
            if failed.message().contains("No CA certificates") {
                return no_authorities();
            }
            failed
        })
}

/// Makes ring the cryptography of TLS in this process. A second call changes nothing.
fn use_ring() {
    let already_set = rustls::crypto::ring::default_provider().install_default();
    drop(already_set);
}

/// What to do about a failure that no second try mends: nothing was said to the other side yet.
///
/// Source: the texts of `rustls::Error::InvalidCertificate` (rustls 0.23) and of a tunnel's `ProxyAuthRequired` (hyper-util
/// 0.1), which the AWS SDK and reqwest have in common.
pub fn final_hint(failure: &str) -> Option<&'static str> {
    if failure.contains("invalid peer certificate") {
        return Some(
            "The certificate that answers is not trusted here. Behind a proxy that opens TLS, set SSL_CERT_FILE to a file with its \
             certificate authority; if it is said to have expired, look at this machine's clock.",
        );
    }
    failure.contains("proxy authorization required").then_some(
        "The proxy asks for a name and a password: HTTPS_PROXY takes them, as http://name:password@host:port.",
    )
}

/// A machine without certificate authorities, such as a bare container.
pub fn no_authorities() -> Error {
    Error::usage("this machine has no certificate authorities, so no other one can be trusted").hint(
        "Install the package ca-certificates, or let SSL_CERT_FILE name a file with certificate authorities that is there.",
    )
}

/// Percent-encodes all but the unreserved characters of RFC 3986, for one value of a query.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
