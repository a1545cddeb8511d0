//! The body of a request: whole or in signed chunks, and checked.
//!
//! Source: "Signature calculations for the authorization header: transferring payload in multiple chunks" and
//! "… including trailing headers" in the Amazon S3 API reference, November 2026.

use axum::body::Bytes;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::checksum;
use crate::aws::ApiError;
use crate::sigv4::{Signed, hex};

/// A body that is what its sender says it is.
pub(super) struct Payload {
    pub(super) body: Bytes,
    /// Header name and value of the checksum that came with it.
    pub(super) checksum: Option<(String, String)>,
}

/// Takes the body out of its chunks, and compares it with every signature, digest and checksum that came with it.
pub(super) fn read(parts: &Parts, body: &Bytes, signed: &Signed) -> Result<Payload, ApiError> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let declared = header("x-amz-content-sha256").ok_or_else(|| {
        ApiError::new(
            400,
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        )
    })?;
    let mut trailers = Vec::new();
    let body = match declared {
        "UNSIGNED-PAYLOAD" => body.clone(),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        | "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => {
            let signed = declared.contains("HMAC").then_some(signed);
            let body = chunks(body, signed, declared.ends_with("TRAILER"), &mut trailers)?;
            let length = body.len().to_string();
            if header("x-amz-decoded-content-length") != Some(&length) {
                return Err(incomplete());
            }
            body
        }
        digest if digest.len() == 64 => {
            if hex(&Sha256::digest(body)) != digest {
                return Err(ApiError::new(
                    400,
                    "XAmzContentSHA256Mismatch",
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ));
            }
            body.clone()
        }
        _ => {
            return Err(ApiError::new(
                400,
                "InvalidArgument",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a valid sha256 value, or one of the streaming forms.",
            ));
        }
    };
    if let Some(declared) = header("content-md5")
        && STANDARD.encode(super::md5(&body)) != declared
    {
        return Err(ApiError::new(
            400,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        ));
    }
    trailers.extend(parts.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    }));
    trailers.retain(|(name, _)| checksum::algorithm(name).is_some());
    for (name, value) in &trailers {
        checksum::check(name, value, &body)?;
    }
    Ok(Payload {
        body,
        checksum: trailers.into_iter().next(),
    })
}

fn incomplete() -> ApiError {
    ApiError::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

/// Decodes `aws-chunked`: each chunk has its length in hexadecimal digits and, if signed, a signature that also covers
/// the signature before it.
fn chunks(
    body: &Bytes,
    signed: Option<&Signed>,
    with_trailer: bool,
    trailers: &mut Vec<(String, String)>,
) -> Result<Bytes, ApiError> {
    let mut rest: &[u8] = body;
    let mut decoded = Vec::new();
    let mut previous = signed.map(|signed| signed.signature.clone());
    let empty = hex(&Sha256::digest(b""));
    loop {
        let line = take_line(&mut rest).ok_or_else(incomplete)?;
        let (length, extension) = line.split_once(';').unwrap_or((&line, ""));
        let length = usize::from_str_radix(length, 16).map_err(|_| incomplete())?;
        let chunk = rest.get(..length).ok_or_else(incomplete)?;
        if let (Some(signed), Some(before)) = (signed, &previous) {
            let digest = hex(&Sha256::digest(chunk));
            let signature = signed.of_part("AWS4-HMAC-SHA256-PAYLOAD", &[before, &empty, &digest]);
            if extension.strip_prefix("chunk-signature=") != Some(signature.as_str()) {
                return Err(mismatch());
            }
            previous = Some(signature);
        }
        decoded.extend_from_slice(chunk);
        rest = &rest[length..];
        if length == 0 {
            break;
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(incomplete)?;
    }
    if with_trailer {
        let mut canonical = String::new();
        let mut signature = None;
        while let Some(line) = take_line(&mut rest).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(incomplete)?;
            let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
            if name == "x-amz-trailer-signature" {
                signature = Some(value);
            } else {
                canonical += &format!("{name}:{value}\n");
                trailers.push((name, value));
            }
        }
        if let (Some(signed), Some(before)) = (signed, &previous) {
            let digest = hex(&Sha256::digest(&canonical));
            let wanted = signed.of_part("AWS4-HMAC-SHA256-TRAILER", &[before, &digest]);
            if signature.as_deref() != Some(wanted.as_str()) {
                return Err(mismatch());
            }
        }
    }
    Ok(Bytes::from(decoded))
}

fn mismatch() -> ApiError {
    ApiError::new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing \
         method.",
    )
}

/// The text up to the next CR LF.
fn take_line(rest: &mut &[u8]) -> Option<String> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let line = String::from_utf8(rest[..end].to_vec()).ok()?;
    *rest = &rest[end + 2..];
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of "Transferring payload in multiple chunks" in the Amazon S3 API reference: 65 KiB of `a`.
    fn example(last_signature: &str) -> Result<Bytes, ApiError> {
        let signed = Signed::of_example(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "20130524T000000Z",
            ["20130524", "us-east-1", "s3", "aws4_request"],
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        );
        let mut body = Vec::new();
        for (length, signature) in [
            (
                0x1_0000,
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            ),
            (
                0x400,
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            ),
            (0, last_signature),
        ] {
            body.extend(format!("{length:x};chunk-signature={signature}\r\n").bytes());
            body.extend(std::iter::repeat_n(b'a', length));
            body.extend(b"\r\n");
        }
        chunks(&Bytes::from(body), Some(&signed), false, &mut Vec::new())
    }

    #[test]
    fn the_published_example_of_signed_chunks_is_accepted() {
        let last = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";
        assert_eq!(example(last).unwrap().len(), 66_560);
    }

    #[test]
    fn a_chunk_that_somebody_else_signed_is_refused() {
        assert_eq!(
            example(&"0".repeat(64)).unwrap_err().code,
            "SignatureDoesNotMatch"
        );
    }
}
