//! The subject of an OIDC token: its forms, and where it differs from an expected one. Pure.
//!
//! Source: "OpenID Connect reference" in GitHub's documentation, November 2026.

/// The form of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `repo:OWNER/REPO:…`
    Classic,
    /// `repo:OWNER@ID/REPO@ID:…`: repositories made, renamed or moved since 15 July 2026.
    Immutable,
    /// Anything else: the repository or its organization chose other claims.
    Custom,
}

/// The form of `sub`.
pub(super) fn form(sub: &str) -> Form {
    let Some((repository, context)) = sub
        .strip_prefix("repo:")
        .and_then(|rest| rest.split_once(':'))
    else {
        return Form::Custom;
    };
    let Some((owner, name)) = repository.split_once('/') else {
        return Form::Custom;
    };
    let usual = context == "pull_request"
        || ["environment:", "ref:refs/"].iter().any(|start| {
            // A further claim behind an environment or a ref was chosen: `:` inside a value is `%3A`.
            context
                .strip_prefix(start)
                .is_some_and(|value| !value.contains(':'))
        });
    if !usual {
        return Form::Custom;
    }
    match (numbered(owner), numbered(name)) {
        (true, true) => Form::Immutable,
        (false, false) => Form::Classic,
        _ => Form::Custom,
    }
}

/// Whether owner and repository have their numbers, whatever follows.
pub(super) fn is_numbered(sub: &str) -> bool {
    let repository = sub.strip_prefix("repo:").unwrap_or("");
    let repository = repository.split(':').next().unwrap_or("");
    let parts = repository.split_once('/');
    parts.is_some_and(|(owner, name)| numbered(owner) && numbered(name))
}

/// `acme@1002`
fn numbered(part: &str) -> bool {
    part.split_once('@')
        .is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where a subject first differs from a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) expected: String,
    pub(super) found: String,
}

/// The first part between colons in which `sub` differs from `pattern`; `None` if the whole matches.
///
/// A star may stand for several parts, so it is looked for the longest start of the pattern that matches a start of the
/// subject, and what follows differs.
pub(super) fn difference(pattern: &str, sub: &str) -> Option<Difference> {
    if matches(pattern, sub) {
        return None;
    }
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (pattern.split(':').collect(), sub.split(':').collect());
    let agree = |length: usize| {
        let start = expected[..length].join(":");
        let agrees = |at: &usize| matches(&start, &found[..*at].join(":"));
        // The last part of one is meant for the last of the other.
        let last = (length + 1 == expected.len()).then(|| found.len() - 1);
        last.filter(agrees)
            .or_else(|| (0..=found.len()).find(agrees))
    };
    let (length, at) = (1..=expected.len())
        .rev()
        .find_map(|length| Some((length, agree(length)?)))
        .unwrap_or((0, 0));
    let told = |part: Option<&&str>| part.map_or("nothing more", |part| *part).to_owned();
    Some(Difference {
        expected: told(expected.get(length)),
        found: told(found.get(at)),
    })
}

/// Whether `text` matches a pattern in which `*` stands for any text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last: Option<&str> = None;
    for piece in pieces {
        if let Some(previous) = last.replace(piece) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_from_the_others() {
        for (sub, expected) in [
            ("repo:acme/idp:environment:production", Form::Classic),
            ("repo:acme/idp:environment:a%3Ab", Form::Classic),
            ("repo:acme/idp:pull_request", Form::Classic),
            ("repo:acme/idp:ref:refs/heads/main", Form::Classic),
            ("repo:acme/idp:ref:refs/tags/v1", Form::Classic),
            (
                "repo:acme/idp:ref:refs/heads/gh-readonly-queue/main/pr-1-0",
                Form::Classic,
            ),
            ("repo:acme@5/idp@7:environment:production", Form::Immutable),
            ("repo:acme@5/idp@7:pull_request", Form::Immutable),
            ("repo:acme@5/idp@7:ref:refs/heads/main", Form::Immutable),
            ("repo:acme@5/idp@7:ref:refs/tags/v1", Form::Immutable),
            ("repo:acme/idp@7:pull_request", Form::Custom),
            ("repo:acme-5/idp-7:pull_request", Form::Classic),
            (
                "repository_owner:acme:repository_visibility:private",
                Form::Custom,
            ),
            ("repository_id:7", Form::Custom),
            (
                "repo:acme/idp:environment:production:job_workflow_ref:o/r/.github/workflows/x.yml@refs/heads/main",
                Form::Custom,
            ),
            (
                "repo:acme/idp:job_workflow_ref:o/r/.github/workflows/x.yml@main",
                Form::Custom,
            ),
            ("", Form::Custom),
        ] {
            assert_eq!(form(sub), expected, "{sub}");
        }
    }

    #[test]
    fn the_first_part_that_differs_is_named() {
        let sub = "repo:acme@5/idp@7:environment:production";
        let part =
            |pattern: &str| difference(pattern, sub).map(|found| (found.expected, found.found));
        let pair = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(part("repo:acme@5/*:environment:production"), None);
        assert_eq!(
            part("repo:acme/idp:environment:production"),
            pair("acme/idp", "acme@5/idp@7")
        );
        assert_eq!(
            part("repo:*:environment:staging"),
            pair("staging", "production")
        );
        assert_eq!(
            part("repo:*:ref:refs/heads/main"),
            pair("ref", "environment")
        );
        assert_eq!(part("repo:acme@5/*:staging"), pair("staging", "production"));
        assert_eq!(part("*:environment:staging"), pair("staging", "production"));
        let long = "repo:acme/idp:environment:production:job_workflow_ref:o/r/.github/workflows/x.yml@main";
        let of_long = |pattern| {
            let found = difference(pattern, long).unwrap();
            (found.expected, found.found)
        };
        let named = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(
            of_long("repo:*:ref:refs/heads/main"),
            named("ref", "environment")
        );
        assert_eq!(
            of_long("repo:*:job_workflow_ref:*@v1"),
            named("*@v1", "o/r/.github/workflows/x.yml@main")
        );
        assert_eq!(of_long("owner:acme"), named("owner", "repo"));
        assert_eq!(
            part("repo:acme@5/idp@7:environment"),
            pair("nothing more", "production")
        );
    }

    #[test]
    fn a_star_stands_for_any_text() {
        let sub = "repo:o/r:environment:production";
        for pattern in [
            sub,
            "repo:o/*",
            "*:environment:production",
            "repo:*/r:*:production",
            "*",
        ] {
            assert!(matches(pattern, sub), "{pattern}");
        }
        for pattern in [
            "repo:o/r",
            "repo:O/*",
            "*:environment:staging",
            "repo:*:x:*",
            "",
        ] {
            assert!(!matches(pattern, sub), "{pattern}");
        }
    }
}
