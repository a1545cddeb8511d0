//! What act needs on disk for one job, in a form that it can read.
//!
//! act does not know `uses: $/x`, permissions, environments, OIDC, or what other jobs of a run came to. So it gets a
//! workflow of this one job alone, in which the contexts `needs` and `inputs` are values, `$/x` of the product names a
//! local copy of it, and `env` has the address and token for OIDC tokens if the job may have them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::facts::Facts;
use super::graph::Place;
use super::interrupt;
use super::model::RunSettings;
use super::runner::Work;
use crate::github::expression::{self, Scope};

/// The ref under which act finds the copy of the product that contains the file itself.
const SELF_REF: &str = "act-self";
/// The step that writes down the job's outputs.
pub(super) const OUTPUTS_STEP: &str = "world-outputs";

/// One job on disk.
pub(super) struct Files {
    /// Folder of the job.
    pub folder: PathBuf,
    /// The copy of the product's actions.
    product: PathBuf,
    /// `owner/name@ref` and the folder that act takes for it.
    pub local: BTreeMap<String, PathBuf>,
    /// The runner's label.
    pub label: String,
    /// Names of the outputs, in the order in which their values are written.
    pub outputs: Vec<String>,
}

/// What a job gets beside its definition.
pub(super) struct Given<'a> {
    pub secrets: &'a BTreeMap<String, String>,
    pub variables: &'a BTreeMap<String, String>,
    /// More environment of all its steps.
    pub environment: &'a BTreeMap<String, String>,
}

impl Files {
    pub(super) fn write(facts: &Facts, work: &Work, given: &Given<'_>) -> Result<Self, String> {
        let folder = facts.folder.join("jobs").join(work.index.to_string());
        for part in ["home", "work"] {
            std::fs::create_dir_all(folder.join(part))
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let product = facts.folder.join("product");
        let mut files = Self {
            folder,
            product: product.clone(),
            local: BTreeMap::new(),
            label: String::new(),
            outputs: Vec::new(),
        };
        let settings = &facts.settings;
        let own = format!("{}@{SELF_REF}", settings.product_name);
        files.local.insert(own, product.clone());
        files.note_files(facts)?;
        let document = files.document(facts, work, given)?;
        write(&files.path("workflow.yml"), &document)?;
        write(&files.path("secrets.yml"), given.secrets)?;
        write(&files.path("vars.yml"), given.variables)?;
        write(&files.path("env.yml"), &environment(facts))?;
        write(&files.path("event.json"), &facts.run.source.event.payload)?;
        Ok(files)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The workflow of this job alone.
    fn document(&mut self, facts: &Facts, work: &Work, given: &Given<'_>) -> Result<Value, String> {
        let node = &work.level.nodes[work.at];
        let original = &work.level.workflow.document;
        if let Some(key) = ["container", "services"]
            .into_iter()
            .find(|key| node.definition.get(*key).is_some())
        {
            return Err(format!(
                "`{key}`: jobs run on this machine itself here, without containers"
            ));
        }
        let mut job = Mapping::new();
        for key in ["defaults", "steps"] {
            if let Some(value) = node.definition.get(key) {
                job.insert(key.into(), value.clone());
            }
        }
        let scope = Scope {
            contexts: &work.contexts,
            status: None,
        };
        let label = match node.definition.get("runs-on") {
            Some(runs_on) => expression::yaml(runs_on, scope)?,
            None => serde_json::Value::Null,
        };
        self.label = label
            .as_str()
            .or_else(|| label.get(0)?.as_str())
            .unwrap_or_default()
            .to_owned();
        job.insert("runs-on".into(), self.label.clone().into());
        job.insert("name".into(), work.name.replace("${{", "$ {{").into());
        if let Some(leg) = work.contexts["matrix"]
            .as_object()
            .filter(|leg| !leg.is_empty())
        {
            let matrix = serde_yaml::to_value(serde_json::json!({"matrix": {"include": [leg]}}));
            job.insert(
                "strategy".into(),
                matrix.map_err(|error| error.to_string())?,
            );
        }
        let mut environment = Mapping::new();
        for env in [original.get("env"), node.definition.get("env")] {
            environment.extend(env.and_then(Value::as_mapping).cloned().unwrap_or_default());
        }
        for (name, value) in given.environment {
            environment.insert(name.as_str().into(), value.as_str().into());
        }
        job.insert("env".into(), environment.into());
        let shell = |of: &Value| {
            of.get("defaults")?
                .get("run")?
                .get("shell")?
                .as_str()
                .map(str::to_owned)
        };
        let shell = shell(&node.definition).or_else(|| shell(original));
        interrupt::wrap(job.get_mut("steps"), shell.as_deref(), &facts.folder);
        self.add_outputs(&node.definition, &mut job);
        let mut document = Mapping::new();
        document.insert("name".into(), facts.run.workflow.as_str().into());
        document.insert("on".into(), facts.run.event.as_str().into());
        if let Some(defaults) = original.get("defaults") {
            document.insert("defaults".into(), defaults.clone());
        }
        let jobs = Mapping::from_iter([(node.id.as_str().into(), job.into())]);
        document.insert("jobs".into(), jobs.into());
        let mut document = Value::from(document);
        let contexts = ["needs", "inputs"].map(|name| (name, work.contexts[name].clone()));
        settle(&mut document, false, &BTreeMap::from(contexts))?;
        self.note(facts, &mut document, work.level.place)?;
        Ok(document)
    }

    /// A last step that writes the values of the outputs to a file, each ended by a NUL.
    fn add_outputs(&mut self, definition: &Value, job: &mut Mapping) {
        let declared = definition.get("outputs").and_then(Value::as_mapping);
        let mut environment = Mapping::new();
        let mut run = "printf '%s\\0'".to_owned();
        for (name, value) in declared.into_iter().flatten() {
            let variable = format!("OUTPUT_{}", self.outputs.len());
            run.push_str(&format!(" \"${variable}\""));
            environment.insert(variable.into(), value.clone());
            self.outputs
                .push(name.as_str().unwrap_or_default().to_owned());
        }
        let Some(steps) = job.get_mut("steps").and_then(Value::as_sequence_mut) else {
            return;
        };
        if self.outputs.is_empty() {
            return;
        }
        run.push_str(&format!(" >'{}'", self.folder.join("outputs").display()));
        let mut step = Mapping::new();
        for (key, value) in [
            ("id", OUTPUTS_STEP),
            ("if", "always()"),
            ("shell", "bash"),
            ("run", &run),
        ] {
            step.insert(key.into(), value.into());
        }
        step.insert("env".into(), environment.into());
        steps.push(step.into());
    }

    /// The values that the last step wrote.
    pub(super) fn outputs(&self) -> BTreeMap<String, String> {
        let written = std::fs::read(self.folder.join("outputs")).unwrap_or_default();
        let values = written
            .split(|byte| *byte == 0)
            .map(|value| String::from_utf8_lossy(value).into_owned());
        self.outputs.iter().cloned().zip(values).collect()
    }

    /// Notes what the actions of the product's copy use.
    fn note_files(&mut self, facts: &Facts) -> Result<(), String> {
        for file in action_files(&self.product.join("actions")) {
            self.note(facts, &mut parse(&file)?, Place::Product)?;
        }
        Ok(())
    }

    /// Rewrites what a document uses, and notes which repositories act has to find on this machine.
    fn note(&mut self, facts: &Facts, document: &mut Value, place: Place) -> Result<(), String> {
        let settings = &facts.settings;
        for uses in used(document) {
            rewrite(settings, uses, place);
            let Some((path, reference)) = uses.split_once('@') else {
                continue;
            };
            let name = path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
            let found = settings
                .local_actions
                .iter()
                .find(|(stands_for, _)| *stands_for == name);
            if let Some((_, folder)) = found {
                self.local
                    .insert(format!("{name}@{reference}"), folder.clone());
            } else if name == settings.product_name {
                self.local
                    .insert(format!("{name}@{reference}"), self.product.clone());
            } else if facts.world.github.repository(&name).is_none() {
                let played: Vec<&str> = settings
                    .local_actions
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                return Err(format!(
                    "Unable to resolve action {uses}, repository not found: this machine plays {} (RunSettings::local_actions)",
                    played.join(", ")
                ));
            }
        }
        Ok(())
    }
}

/// What all jobs of a run need: the product's actions, with `$/x` in a form that act knows, and what runs steps.
pub(super) fn prepare(settings: &RunSettings, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder)
        .and_then(|()| interrupt::install(folder))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let (from, to) = (
        settings.product.join("actions"),
        folder.join("product/actions"),
    );
    if !from.is_dir() {
        return Ok(());
    }
    copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
    for file in action_files(&to) {
        let mut document = parse(&file)?;
        for uses in used(&mut document) {
            rewrite(settings, uses, Place::Product);
        }
        let steps = document
            .get_mut("runs")
            .and_then(|runs| runs.get_mut("steps"));
        interrupt::wrap(steps, None, folder);
        write(&file, &document)?;
    }
    Ok(())
}

/// `$/x` is the repository and commit of the file that says it.
fn rewrite(settings: &RunSettings, uses: &mut String, place: Place) {
    if let Some(path) = uses.strip_prefix("$/") {
        *uses = match place {
            Place::Product => format!("{}/{path}@{SELF_REF}", settings.product_name),
            Place::Consumer => format!("./{path}"),
        };
    }
}

/// All values of `uses`.
fn used(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::Sequence(items) => items.iter_mut().flat_map(used).collect(),
        Value::Mapping(fields) => fields.iter_mut().flat_map(used_in).collect(),
        _ => Vec::new(),
    }
}

fn used_in<'a>((name, value): (&Value, &'a mut Value)) -> Vec<&'a mut String> {
    if name.as_str() != Some("uses") {
        return used(value);
    }
    match value {
        Value::String(uses) => vec![uses],
        _ => Vec::new(),
    }
}

/// Puts the values of contexts into all expressions.
fn settle(
    value: &mut Value,
    bare: bool,
    contexts: &BTreeMap<&str, serde_json::Value>,
) -> Result<(), String> {
    match value {
        Value::String(text) => *text = expression::substitute(text, bare, contexts)?,
        Value::Sequence(items) => {
            for item in items {
                settle(item, false, contexts)?;
            }
        }
        Value::Mapping(fields) => {
            for (name, value) in fields.iter_mut() {
                settle(value, name.as_str() == Some("if"), contexts)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What act takes for the run's facts, and what all steps see.
fn environment(facts: &Facts) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for (name, value) in facts.github.as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            environment.insert(format!("GITHUB_{}", name.to_uppercase()), value.to_owned());
        }
    }
    let world = &facts.world;
    for (name, value) in [
        ("SHA_REF", facts.run.sha.as_str()),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
        ("AWS_ENDPOINT_URL", &world.urls.aws),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    environment.extend(facts.settings.extra_env.clone());
    environment
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The `action.yml` files of a folder and of those in it.
fn action_files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(action_files(&path));
        } else if path.ends_with("action.yml") || path.ends_with("action.yaml") {
            found.insert(path);
        }
    }
    found
}

fn parse(file: &Path) -> Result<Value, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| told(&error))?;
    serde_yaml::from_str(&text).map_err(|error| told(&error))
}

/// Writes a value as JSON, which is YAML, readable by this user only.
fn write(file: &Path, value: &impl serde::Serialize) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = serde_json::to_string(value).map_err(|error| told(&error))?;
    std::fs::write(file, text).map_err(|error| told(&error))?;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file, mode).map_err(|error| told(&error))
}
