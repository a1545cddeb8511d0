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
        .map_err(|error| Error::bug("could not set up the HTTP client").because(error))
}

/// Makes ring the cryptography of TLS in this process. A second call changes nothing.
fn use_ring() {
    let already_set = rustls::crypto::ring::default_provider().install_default();
    drop(already_set);
}

/// Whether a failure was for want of trust in a certificate, which no second try changes.
///
/// Source: the text of `rustls::Error::InvalidCertificate`, rustls 0.23.
pub fn is_untrusted(failure: &str) -> bool {
    failure.contains("invalid peer certificate")
}

/// What to do about a certificate that is not trusted.
pub const UNTRUSTED_HINT: &str = "The certificate that answers is not trusted here. Behind a proxy that opens TLS, set SSL_CERT_FILE to a file with its \
     certificate authority; if it is said to have expired, look at this machine's clock.";

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
