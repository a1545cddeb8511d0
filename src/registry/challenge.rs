//! What a registry wants to be shown: the `WWW-Authenticate` header, RFC 9110, section 11.

/// How a registry wants to be told who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token from another address.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let find = |wanted: &str| {
            let mut all = parameters.iter();
            all.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.clone())
        };
        Some(Self::Bearer {
            realm: find("realm")?,
            service: find("service"),
            scope: find("scope"),
        })
    }
}

/// `name="value", name=value`; a quoted value may hold commas.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_owned();
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let (inside, behind) = quoted.split_once('"').unwrap_or((quoted, ""));
            (value, rest) = (inside, behind);
        } else {
            let (inside, behind) = after.split_once(',').unwrap_or((after, ""));
            (value, rest) = (inside.trim(), behind);
        }
        found.push((name, value.to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_basic_or_names_where_tokens_are() {
        let ecr = r#"Basic realm="https://1.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com""#;
        assert_eq!(Challenge::parse(ecr), Some(Challenge::Basic));
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        assert_eq!(
            Challenge::parse(hub),
            Some(Challenge::Bearer {
                realm: "https://auth.docker.io/token".to_owned(),
                service: Some("registry.docker.io".to_owned()),
                scope: Some("repository:a/b:pull,push".to_owned()),
            })
        );
        assert_eq!(Challenge::parse("Bearer service=x"), None);
        assert_eq!(Challenge::parse("Negotiate"), None);
    }
}
