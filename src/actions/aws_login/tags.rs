//! Session tags that say which job a chained session belongs to. Pure.
//!
//! Names and limits: `Tag` and `AssumeRole` in the AWS STS API reference; the names are those that
//! aws-actions/configure-aws-credentials v6 sets (its README, November 2026), so that policies on them go on working.

use crate::error::{Error, Result};
use crate::runner::Env;

/// Longest value of a tag, in characters.
const LONGEST_VALUE: usize = 256;
/// Longest key of a tag, in characters.
const LONGEST_KEY: usize = 128;
/// Most tags of a session.
const MOST: usize = 50;

/// One tag of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionTag {
    pub(super) key: String,
    pub(super) value: String,
    /// Whether it is left out when the tags are too large together.
    optional: bool,
}

/// Variables of the runner, the tags made of them, and whether these can be left out.
const OF_JOB: [(&str, &str, bool); 12] = [
    ("GITHUB_REPOSITORY", "Repository", false),
    ("GITHUB_WORKFLOW", "Workflow", false),
    ("GITHUB_ACTION", "Action", false),
    ("GITHUB_ACTOR", "Actor", false),
    ("GITHUB_SHA", "Commit", false),
    ("GITHUB_REF", "Branch", false),
    ("GITHUB_EVENT_NAME", "EventName", true),
    ("GITHUB_BASE_REF", "BaseRef", true),
    ("GITHUB_HEAD_REF", "HeadRef", true),
    ("GITHUB_RUN_ID", "RunId", true),
    ("GITHUB_JOB", "Job", true),
    ("GITHUB_TRIGGERING_ACTOR", "TriggeringActor", true),
];

/// The tags of this job, and those of the input `custom-tags`.
pub(super) fn of_job(env: &Env, custom: Option<&str>) -> Result<Vec<SessionTag>> {
    let mut tags = vec![tag("GitHub", "Actions", false)];
    for (variable, key, optional) in OF_JOB {
        if let Some(value) = env.get(variable) {
            tags.push(tag(key, value, optional));
        }
    }
    for (key, value) in self::custom(custom)? {
        // Keys of session tags differ by more than case.
        tags.retain(|tag| !tag.key.eq_ignore_ascii_case(&key));
        tags.push(tag(&key, &value, false));
    }
    if tags.len() > MOST {
        return Err(Error::usage(format!(
            "there are {} session tags; STS takes {MOST}",
            tags.len()
        ))
        .hint("Give fewer `custom-tags`."));
    }
    Ok(tags)
}

/// Refuses a key that the next role in a chain is to get, and that no tag has.
pub(super) fn check_transitive(keys: &[String], tags: &[SessionTag]) -> Result<()> {
    let has = |key: &str| tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
    let Some(key) = keys.iter().find(|key| !has(key)) else {
        return Ok(());
    };
    let names: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    Err(Error::usage(format!(
        "`transitive-tag-keys` names {key:?}, which no session tag has"
    ))
    .hint(match names[..] {
        [] => "With `role-skip-session-tagging` there are no session tags.".to_owned(),
        _ => format!("The session tags are {}.", names.join(", ")),
    }))
}

fn custom(text: Option<&str>) -> Result<Vec<(String, String)>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let wrong = |what: String| {
        Error::usage(format!("`custom-tags` {what}"))
            .hint("It is a JSON object of texts: {\"Team\":\"identity\"}.")
    };
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| wrong("is not JSON".to_owned()).because(error))?;
    let fields = value
        .as_object()
        .ok_or_else(|| wrong("is not a JSON object".to_owned()))?;
    fields
        .iter()
        .map(|(key, value)| {
            let reserved = key
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
            if key.is_empty()
                || key.chars().count() > LONGEST_KEY
                || !key.chars().all(legal)
                || reserved
            {
                return Err(wrong(format!(
                    "has the key {key:?}, which STS does not take"
                )));
            }
            let value = value
                .as_str()
                .ok_or_else(|| wrong(format!("has a value for {key:?} that is no text")))?;
            Ok((key.clone(), value.to_owned()))
        })
        .collect()
}

/// A tag whose value STS takes: other characters become `_`, and what is too long is cut.
fn tag(key: &str, value: &str, optional: bool) -> SessionTag {
    SessionTag {
        key: key.to_owned(),
        value: value
            .chars()
            .map(|c| if legal(c) { c } else { '_' })
            .take(LONGEST_VALUE)
            .collect(),
        optional,
    }
}

fn legal(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// Leaves out what is not needed; whether there was something.
pub(super) fn drop_optional(tags: &mut Vec<SessionTag>) -> bool {
    let before = tags.len();
    tags.retain(|tag| !tag.optional);
    tags.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_described_in_characters_that_sts_takes() {
        let env = Env::of(&[
            ("GITHUB_REPOSITORY", "acme/idp"),
            ("GITHUB_WORKFLOW", "Deploy (prod) ✓"),
            ("GITHUB_RUN_ID", "7"),
        ]);
        let mut tags = of_job(
            &env,
            Some("{\"Team\":\"identity\",\"Repository\":\"other\"}"),
        )
        .unwrap();
        let value = |tags: &[SessionTag], key: &str| {
            tags.iter()
                .find(|tag| tag.key == key)
                .map(|tag| tag.value.clone())
        };
        assert_eq!(value(&tags, "Workflow").as_deref(), Some("Deploy _prod_ _"));
        assert_eq!(
            value(&tags, "Repository").as_deref(),
            Some("other"),
            "a custom tag wins"
        );
        assert_eq!(value(&tags, "GitHub").as_deref(), Some("Actions"));
        let lower = of_job(&env, Some("{\"repository\":\"mine\"}")).unwrap();
        assert_eq!(value(&lower, "Repository"), None, "one key in any case");
        assert_eq!(value(&lower, "repository").as_deref(), Some("mine"));
        assert!(drop_optional(&mut tags));
        assert_eq!(value(&tags, "RunId"), None);
        assert!(!drop_optional(&mut tags));
    }

    #[test]
    fn a_transitive_key_is_that_of_a_tag() {
        let tags = of_job(&Env::default(), None).unwrap();
        assert!(check_transitive(&["github".to_owned()], &tags).is_ok());
        let error = check_transitive(&["Nope".to_owned()], &tags).unwrap_err();
        assert!(error.message().contains("\"Nope\""), "{error}");
        assert!(check_transitive(&["GitHub".to_owned()], &[]).is_err());
    }

    #[test]
    fn custom_tags_are_an_object_of_texts() {
        for text in [
            "{",
            "[]",
            "{\"a\":1}",
            "{\"\":\"x\"}",
            "{\"a,b\":\"x\"}",
            "{\"aws:a\":\"x\"}",
        ] {
            assert!(of_job(&Env::default(), Some(text)).is_err(), "{text}");
        }
    }
}
