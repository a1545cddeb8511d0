//! PGP signatures of files by known keys.
//!
//! A key counts by its fingerprint, as whoever reviewed the file of keys knows it: user names and their certifications are
//! not looked at, nor is the day on which a key ends, since jars are older than that. A revoked key counts for nothing.
//! Source: RFC 9580.

use std::io::Read;

use pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey};
use pgp::packet::SignatureType;
use pgp::types::KeyDetails;

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// Public keys of those who sign.
#[derive(Debug)]
pub struct Keys(Vec<SignedPublicKey>);

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It is right, and this is the fingerprint of the primary key, in upper-case hexadecimal.
    By(String),
    /// It is by a key that is not known, or revoked: its fingerprint or id.
    Unknown(String),
    /// It is by that key, and not for this file.
    Wrong(String),
}

impl Keys {
    /// Reads blocks of ASCII-armored keys, one after the other, as `gpg --export --armor` writes them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (at, _) in text.match_indices(BEGIN) {
            let (block, _) = SignedPublicKey::from_armor_many(&text.as_bytes()[at..])
                .map_err(|error| error.to_string())?;
            for key in block {
                keys.push(key.map_err(|error| error.to_string())?);
            }
        }
        if keys.is_empty() {
            return Err(format!("there is no {BEGIN}"));
        }
        Ok(Self(keys))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who signed a content; the error says what is wrong with the signature itself.
    pub fn check(&self, signature: &str, content: impl Read) -> Result<Signed, String> {
        let (detached, _) = DetachedSignature::from_armor_single(signature.as_bytes())
            .map_err(|error| error.to_string())?;
        let signature = &detached.signature;
        if signature.typ() != Some(SignatureType::Binary) {
            return Err("it is not a signature of a file".to_owned());
        }
        let fingerprints = signature.issuer_fingerprint();
        let ids = signature.issuer_key_id();
        let by = |key: &dyn KeyDetails| {
            fingerprints.contains(&&key.fingerprint())
                || fingerprints.is_empty() && ids.contains(&&key.legacy_key_id())
        };
        let usable = self
            .0
            .iter()
            .filter(|key| key.details.revocation_signatures.is_empty());
        for key in usable {
            let primary = &key.primary_key;
            let right = if by(primary) {
                signature.verify(primary, content).is_ok()
            } else if let Some(subkey) = key.public_subkeys.iter().find(|subkey| by(&subkey.key)) {
                let revoked = |one: &pgp::packet::Signature| {
                    one.typ() == Some(SignatureType::SubkeyRevocation)
                };
                if subkey.signatures.iter().any(revoked) {
                    continue;
                }
                let signs = subkey.signatures.iter().any(|one| one.key_flags().sign());
                signs
                    && subkey.verify_bindings(primary).is_ok()
                    && signature.verify(&subkey.key, content).is_ok()
            } else {
                continue;
            };
            let fingerprint = format!("{:X}", primary.fingerprint());
            return Ok(if right {
                Signed::By(fingerprint)
            } else {
                Signed::Wrong(fingerprint)
            });
        }
        let name = fingerprints
            .first()
            .map(|fingerprint| format!("{fingerprint:X}"));
        let name = name.or_else(|| ids.first().map(|id| id.to_string().to_uppercase()));
        Ok(Signed::Unknown(
            name.unwrap_or_else(|| "without a name".to_owned()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_an_error() {
        for text in [
            "",
            "a key",
            BEGIN,
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n",
        ] {
            assert!(Keys::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_signature_is_an_error() {
        for text in [
            "",
            "<html>",
            "-----BEGIN PGP SIGNATURE-----\n\nmQ==\n-----END PGP SIGNATURE-----\n",
        ] {
            assert!(Keys(Vec::new()).check(text, &b""[..]).is_err(), "{text}");
        }
    }
}
