//! GitHub's OIDC issuer: key pair, discovery document, tokens.

use crate::Urls;

#[derive(Debug)]
pub struct Issuer {}

impl Issuer {
    pub fn new(_urls: &Urls) -> Self {
        Self {}
    }
}
