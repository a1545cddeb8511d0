//! The claims of a token that decide whether a trust policy matches. Pure; the token itself is never shown.

/// Claims that IAM can compare, or that explain the subject.
const CLAIMS: [&str; 11] = [
    "iss",
    "aud",
    "sub",
    "ref",
    "environment",
    "event_name",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "actor",
];

/// The issuer of github.com, whose further claims IAM knows ("Available keys for AWS OIDC federation", AWS IAM user guide,
/// November 2026).
const GITHUB: &str = "token.actions.githubusercontent.com";

/// Names and values, in the order of [`CLAIMS`].
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Vec<(&'static str, String)>);

impl Claims {
    /// The claims in the payload of a JSON web token; none if it is no such token.
    pub(super) fn read(token: &str) -> Self {
        use base64::Engine as _;
        let payload = token.split('.').nth(1).unwrap_or("");
        let value = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(payload)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
            .unwrap_or_default();
        Self(
            CLAIMS
                .iter()
                .filter_map(|claim| Some((*claim, value.get(claim)?.as_str()?.to_owned())))
                .collect(),
        )
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(&'static str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    /// A claim; empty if the token does not have it.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(claim, _)| *claim == name)
            .map_or("", |(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(claim, value)| (*claim, value.as_str()))
    }

    /// The issuer as IAM names it: without its scheme.
    pub(super) fn provider(&self) -> &str {
        let issuer = self.get("iss");
        issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
    }

    /// A condition of a trust policy that matches this token and no other repository's, environment's or branch's.
    pub(super) fn condition(&self) -> String {
        let provider = self.provider();
        // Of an issuer that it does not know IAM compares audience and subject alone: a third key would never match.
        let of_github = provider.split('/').next() == Some(GITHUB);
        let lines: Vec<String> = ["aud", "repository_id", "sub"]
            .iter()
            .filter(|claim| !self.get(claim).is_empty())
            .filter(|claim| of_github || **claim != "repository_id")
            .map(|claim| {
                let value = serde_json::Value::from(self.get(claim));
                format!("  \"{provider}:{claim}\": {value}")
            })
            .collect();
        format!("\"StringEquals\": {{\n{}\n}}", lines.join(",\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_names_the_issuer_whatever_it_is() {
        for (issuer, provider) in [
            (
                "https://token.actions.githubusercontent.com",
                "token.actions.githubusercontent.com",
            ),
            (
                "https://token.actions.githubusercontent.com/acme",
                "token.actions.githubusercontent.com/acme",
            ),
            (
                "https://token.actions.acme.ghe.com",
                "token.actions.acme.ghe.com",
            ),
            (
                "https://github.acme.example/_services/token",
                "github.acme.example/_services/token",
            ),
        ] {
            let claims = Claims::of(&[
                ("iss", issuer),
                ("aud", "a"),
                ("sub", "repo:o/r:pull_request"),
            ]);
            assert_eq!(
                claims.condition(),
                format!(
                    "\"StringEquals\": {{\n  \"{provider}:aud\": \"a\",\n  \"{provider}:sub\": \"repo:o/r:pull_request\"\n}}"
                )
            );
        }
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "a", "a.b.c", "a.e30.c"] {
            assert_eq!(Claims::read(text).iter().count(), 0, "{text}");
        }
    }
}
