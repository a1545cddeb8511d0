//! What an update to the image takes, as Keycloak itself says: whether its nodes may run beside those of the release
//! before. A stage of the Dockerfile asks it, and labels of the image keep the answer.
//!
//! Source: Keycloak documentation, "Checking if rolling updates are possible" (`kc.sh update-compatibility`, its exit codes
//! and its metadata), November 2026; what 26.7.5 prints was run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// The stage of the Dockerfile whose files are the answer.
pub(super) const STAGE: &str = "update-compatibility";
/// The build argument with the metadata of the release before.
pub(super) const ARGUMENT: &str = "UPDATE_FROM";

const OPTIONS_LABEL: &str = "io.github.keycloak-ecs-actions.build-options";
const METADATA_LABEL: &str = "io.github.keycloak-ecs-actions.update-metadata";
const FROM_LABEL: &str = "io.github.keycloak-ecs-actions.update-from";
const UPDATE_LABEL: &str = "io.github.keycloak-ecs-actions.update";
const REASON_LABEL: &str = "io.github.keycloak-ecs-actions.update-reason";

/// The image of the release before.
pub(super) struct Before {
    pub(super) tag: String,
    /// What Keycloak said of it.
    pub(super) metadata: String,
}

impl Before {
    /// Nothing if the labels do not hold what Keycloak said.
    pub(super) fn of(tag: &str, labels: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            tag: tag.to_owned(),
            metadata: labels.get(METADATA_LABEL)?.clone(),
        })
    }
}

/// What is known of an update to an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Update {
    /// Build options, as `kc.sh build` would take them.
    pub(super) build_options: Option<String>,
    /// What a later release is compared with: JSON, its keys in order.
    #[serde(rename = "update-metadata")]
    pub(super) metadata: Option<String>,
    /// The release that it was compared with.
    #[serde(rename = "update-from")]
    pub(super) from: Option<String>,
    /// `rolling` or `recreate`.
    pub(super) update: Option<String>,
    /// Why it is `recreate`.
    #[serde(rename = "update-reason")]
    pub(super) reason: Option<String>,
}

/// Whether the Dockerfile has the stage.
pub(super) fn is_asked(dockerfile: &str) -> bool {
    dockerfile.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case("as"));
        words
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("from"))
            && name.and_then(|at| words.get(at + 1)) == Some(&STAGE)
    })
}

impl Update {
    /// Reads the files that the stage left in a folder. Errors: the metadata is not there, or is no JSON.
    pub(super) fn read(folder: &Path, before: Option<&Before>) -> Result<Self> {
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let metadata = text("metadata.json").and_then(|text| ordered(&text));
        let Some(metadata) = metadata else {
            return Err(Error::usage(format!(
                "the stage {STAGE} of the Dockerfile left no metadata.json that is JSON"
            ))
            .hint(format!(
                "It holds what `kc.sh update-compatibility metadata` writes, as in the docker/Dockerfile of this project. \
                 Without a stage {STAGE} nothing is asked."
            )));
        };
        let mut update = Self {
            build_options: text("show-config.txt").map(|shown| build_options(&shown)),
            metadata: Some(metadata),
            ..Self::default()
        };
        let code = text("check-code.txt");
        let checked = code.as_deref().and_then(|code| code.trim().parse().ok());
        if let (Some(before), Some(code)) = (before, checked) {
            update.from = Some(before.tag.clone());
            (update.update, update.reason) = verdict(code, &text("check.txt").unwrap_or_default());
        }
        Ok(update)
    }

    /// What the labels of an image say.
    pub(super) fn of(labels: &BTreeMap<String, String>) -> Self {
        let label = |name| labels.get(name).cloned();
        Self {
            build_options: label(OPTIONS_LABEL),
            metadata: label(METADATA_LABEL),
            from: label(FROM_LABEL),
            update: label(UPDATE_LABEL),
            reason: label(REASON_LABEL),
        }
    }

    /// The labels that say it.
    pub(super) fn labels(&self) -> impl Iterator<Item = (String, String)> + '_ {
        [
            (OPTIONS_LABEL, &self.build_options),
            (METADATA_LABEL, &self.metadata),
            (FROM_LABEL, &self.from),
            (UPDATE_LABEL, &self.update),
            (REASON_LABEL, &self.reason),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
    }

    /// What a person has to do before the deployment, if anything.
    pub(super) fn warning(&self) -> Option<String> {
        (self.update.as_deref() == Some("recreate")).then(|| {
            format!(
                "{}: nodes of this image must not run beside those of the release before. Stop these before the deployment \
                 (terraform/README.md, \"When nodes must not overlap\").",
                self.told()
            )
        })
    }

    /// In words, such as `rolling from 1.4.1`; empty if nothing is known.
    pub(super) fn told(&self) -> String {
        let (Some(update), Some(from)) = (&self.update, &self.from) else {
            return String::new();
        };
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}"));
        format!("{update} from {from}{}", reason.unwrap_or_default())
    }
}

/// JSON in one line, keys in order: Keycloak writes them in another order each time.
fn ordered(text: &str) -> Option<String> {
    let value: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
    serde_json::to_string(&value).ok()
}

/// The build options that `kc.sh show-config` lists. The times of the jars are among them, and belong to Keycloak.
fn build_options(shown: &str) -> String {
    let mut options: Vec<String> = shown
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("kc.")?.split_once(" = ")?;
            let value = value.trim().strip_suffix("(Persisted)")?.trim();
            let own = name == "optimized" || name.starts_with("provider.file.");
            (!own).then(|| format!("--{name}={value}"))
        })
        .collect();
    options.sort();
    options.join(" ")
}

/// What an exit code of `update-compatibility check` means, and why.
fn verdict(code: u8, said: &str) -> (Option<String>, Option<String>) {
    match code {
        0 => (Some("rolling".to_owned()), None),
        3 => {
            let reasons: Vec<&str> = said
                .lines()
                .filter(|line| line.contains("is incompatible"))
                .map(|line| {
                    let told = line.split_once("Rolling Update is not available. ");
                    told.map_or(line, |(_, reason)| reason)
                        .trim()
                        .trim_end_matches('.')
                })
                .collect();
            let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
            (Some("recreate".to_owned()), reason)
        }
        4 => {
            let reason = "the feature rolling-updates is off".to_owned();
            (Some("recreate".to_owned()), Some(reason))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_is_found_as_builders_find_it() {
        for (line, found) in [
            ("FROM scratch AS update-compatibility", true),
            (
                "from --platform=linux/amd64 builder as update-compatibility",
                true,
            ),
            ("# FROM scratch AS update-compatibility", false),
            ("FROM scratch AS update-compatibility-2", false),
            ("FROM update-compatibility", false),
            ("COPY --from=update-compatibility / /", false),
        ] {
            assert_eq!(is_asked(&format!("ARG A\n{line}\n")), found, "{line}");
        }
    }

    /// Lines that Keycloak 26.7.5 printed.
    #[test]
    fn build_options_are_those_that_the_build_kept() {
        let shown = "Current Mode: production\nCurrent Configuration:\n\tkc.metrics-enabled =  true (Persisted)\n\
                     \tkc.provider.file.s3-2.40.9.jar.last-modified =  946684800000 (Persisted)\n\tkc.optimized =  true (Persisted)\n\
                     \tkc.db =  postgres (Persisted)\n\tkc.version =  26.7.5 (SysPropConfigSource)\n\tkc.run-in-container =  true (ENV)\n";
        assert_eq!(build_options(shown), "--db=postgres --metrics-enabled=true");
    }

    #[test]
    fn a_check_is_told_by_its_exit_code_with_its_reasons() {
        let said = "[database] Provider is compatible.\n\
                    [keycloak] Rolling Update is not available. 'keycloak.version' is incompatible: 26.6.4 -> 26.7.5.\n\
                    [cacheEmbedded] Rolling Update is not available. 'cacheEmbedded.stack' is incompatible: null -> ec2.\n";
        let update = |code| {
            let (update, reason) = verdict(code, said);
            Update {
                update,
                reason,
                from: Some("1.4.1".to_owned()),
                ..Update::default()
            }
        };
        assert_eq!(update(0).told(), "rolling from 1.4.1");
        assert_eq!(
            update(3).told(),
            "recreate from 1.4.1: 'keycloak.version' is incompatible: 26.6.4 -> 26.7.5; \
             'cacheEmbedded.stack' is incompatible: null -> ec2"
        );
        assert_eq!(
            update(4).told(),
            "recreate from 1.4.1: the feature rolling-updates is off"
        );
        assert_eq!(update(1).told(), "");
    }

    #[test]
    fn labels_keep_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert!(
            Update::read(folder.path(), None)
                .unwrap_err()
                .message()
                .contains("metadata.json")
        );
        write("metadata.json", "{\"b\": {\"y\": 1, \"x\": 2},\n \"a\": 1}");
        write("check-code.txt", "3\n");
        write("check.txt", "'a' is incompatible: 0 -> 1.\n");
        let before = Before::of(
            "1.4.1",
            &[(METADATA_LABEL.to_owned(), "{}".to_owned())].into(),
        );
        let update = Update::read(folder.path(), before.as_ref()).unwrap();
        assert_eq!(
            update.metadata.as_deref(),
            Some(r#"{"a":1,"b":{"x":2,"y":1}}"#)
        );
        assert_eq!(
            update.reason.as_deref(),
            Some("'a' is incompatible: 0 -> 1")
        );
        assert_eq!(Update::of(&update.labels().collect()), update);
        assert!(Before::of("1.4.1", &BTreeMap::new()).is_none());
        // Without a release before there is nothing to compare with, whatever the stage left.
        let first = Update::read(folder.path(), None).unwrap();
        assert_eq!((first.update, first.from), (None, None));
    }
}
