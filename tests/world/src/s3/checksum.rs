//! Checksums that travel with an object.
//!
//! Source: "Checking object integrity" in the Amazon S3 user guide, November 2026; the catalogue of CRC parameters by
//! Greg Cook (CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::aws::ApiError;

const PREFIX: &str = "x-amz-checksum-";

/// The algorithm that a header such as `x-amz-checksum-crc32` is for.
pub(super) fn algorithm(header: &str) -> Option<&str> {
    header
        .strip_prefix(PREFIX)
        .filter(|name| !["algorithm", "mode", "type"].contains(name))
}

/// Whether the value of a checksum header is that of the body.
pub(super) fn check(header: &str, value: &str, body: &[u8]) -> Result<(), ApiError> {
    let name = algorithm(header).unwrap_or("");
    let found = match name {
        "crc32" => crc(0xEDB8_8320, 32, body)[4..].to_vec(),
        "crc32c" => crc(0x82F6_3B78, 32, body)[4..].to_vec(),
        "crc64nvme" => crc(0x9A6C_9329_AC4B_C9B5, 64, body).to_vec(),
        "sha256" => Sha256::digest(body).to_vec(),
        _ => {
            return Err(ApiError::new(
                501,
                "NotImplemented",
                format!("this stand-in does not know the checksum {name}"),
            ));
        }
    };
    if STANDARD.encode(found) == value {
        return Ok(());
    }
    Err(ApiError::new(
        400,
        "BadDigest",
        format!(
            "The {} you specified did not match the calculated checksum.",
            name.to_uppercase()
        ),
    ))
}

/// A CRC of reflected bits whose register starts, and is combined at the end, with all ones.
fn crc(polynomial: u64, width: u32, body: &[u8]) -> [u8; 8] {
    let ones = u64::MAX >> (64 - width);
    let mut register = ones;
    for byte in body {
        register ^= u64::from(*byte);
        for _ in 0..8 {
            register = (register >> 1) ^ if register & 1 == 1 { polynomial } else { 0 };
        }
    }
    (register ^ ones).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crc_has_its_published_check_value() {
        let check = b"123456789";
        assert_eq!(crc(0xEDB8_8320, 32, check), 0xCBF4_3926_u64.to_be_bytes());
        assert_eq!(crc(0x82F6_3B78, 32, check), 0xE306_9283_u64.to_be_bytes());
        assert_eq!(
            crc(0x9A6C_9329_AC4B_C9B5, 64, check),
            0xAE8B_1486_0A79_9888_u64.to_be_bytes()
        );
    }
}
