//! What a run needs on disk: a checkout of its commit, and workflows in a form that act can read.
//!
//! act does not know `uses: $/x`, permissions, or OIDC. The copies differ from the originals in exactly these: `$/x` of
//! the product names a local copy of it, a job with `id-token: write` gets the address and token for OIDC tokens in its
//! `env`, and `secrets.GITHUB_TOKEN` is `github.token`, since act does not hand the former to called workflows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::model::{Run, RunSettings};
use super::plan::{Place, Planned};
use crate::World;
use crate::github::git;
use crate::github::model::{Access, Repository};
use crate::github::workflow::list;
use crate::oidc::JobIdentity;

/// The ref under which act finds the copy of the product that contains the file itself.
const SELF_REF: &str = "act-self";

/// The files of a run.
pub(super) struct Prepared {
    pub checkout: PathBuf,
    /// The copy of the workflow file that act is given.
    pub workflow: PathBuf,
    /// `owner/name@ref` and the folder that act takes for it.
    pub local: BTreeMap<String, PathBuf>,
    /// Labels of runners.
    pub labels: BTreeSet<String>,
    /// Whether a folder stands for `actions/checkout`.
    pub own_checkout: bool,
    /// Request tokens, to be masked.
    pub masks: Vec<String>,
}

pub(super) async fn prepare(
    world: &World,
    repository: &Repository,
    settings: &RunSettings,
    run: &Run,
    planned: &[Planned],
    folder: &Path,
) -> Result<Prepared, String> {
    let product = folder.join("product");
    for part in ["actions", ".github/workflows"] {
        let from = settings.product.join(part);
        if from.is_dir() {
            copy(&from, &product.join(part)).map_err(|error| format!("{part}: {error}"))?;
        }
    }
    let mut prepared = Prepared {
        checkout: checkout(world, repository, run, &folder.join("checkout")).await?,
        workflow: folder.join("workflow").join(
            run.workflow_path
                .rsplit('/')
                .next()
                .unwrap_or("workflow.yml"),
        ),
        local: BTreeMap::new(),
        labels: BTreeSet::new(),
        own_checkout: false,
        masks: Vec::new(),
    };
    let own = format!("{}@{SELF_REF}", settings.product_name);
    prepared.local.insert(own, product.clone());
    let identify = |job: &Planned| identity(repository, settings, run, job);
    let mut caller = run.source.document.clone();
    prepared.rewrite(world, settings, &identify, planned, &mut caller, None)?;
    write(&prepared.workflow.clone(), &caller)?;
    let workflows = product.join(".github/workflows");
    for file in files(&workflows) {
        let path = format!(
            ".github/workflows/{}",
            file.file_name().unwrap_or_default().to_string_lossy()
        );
        let mut document = parse(&file)?;
        prepared.rewrite(
            world,
            settings,
            &identify,
            planned,
            &mut document,
            Some(&path),
        )?;
        write(&file, &document)?;
    }
    for file in files(&product.join("actions")) {
        let mut document = parse(&file)?;
        prepared.note(settings, &mut document, Place::Product);
        write(&file, &document)?;
    }
    let wanted: Vec<String> = prepared.local.keys().cloned().collect();
    for spec in wanted {
        if spec.starts_with(&format!("{}@", settings.product_name)) {
            prepared.local.insert(spec, product.clone());
        }
    }
    Ok(prepared)
}

/// Who a job is to those who check its OIDC tokens; its environment comes later.
fn identity(
    repository: &Repository,
    settings: &RunSettings,
    run: &Run,
    job: &Planned,
) -> JobIdentity {
    let own = format!("{}/{}@{}", run.repository, run.workflow_path, run.git_ref);
    JobIdentity {
        repository: run.repository.clone(),
        repository_id: repository.id,
        repository_owner_id: repository.owner_id,
        git_ref: run.git_ref.clone(),
        sha: run.sha.clone(),
        event_name: run.event.clone(),
        environment: None,
        job_workflow_ref: job.called_as.clone().unwrap_or(own),
        actor: run.actor.clone(),
        run_id: run.id,
        subject: settings.subject,
    }
}

impl Prepared {
    /// Turns one workflow into what act can read. `product_path` is its path if it is the product's.
    fn rewrite(
        &mut self,
        world: &World,
        settings: &RunSettings,
        identify: &dyn Fn(&Planned) -> JobIdentity,
        planned: &[Planned],
        document: &mut Value,
        product_path: Option<&str>,
    ) -> Result<(), String> {
        let place = match product_path {
            Some(_) => Place::Product,
            None => Place::Consumer,
        };
        self.note(settings, document, place);
        let Some(jobs) = document.get_mut("jobs").and_then(Value::as_mapping_mut) else {
            return Ok(());
        };
        for (id, job) in jobs {
            let labels = list(job.get("runs-on"));
            self.labels
                .extend(labels.into_iter().filter(|label| !label.contains("${{")));
            let of_job = planned.iter().find(|planned| {
                planned.place == place
                    && Some(planned.id.as_str()) == id.as_str()
                    && product_path.is_none_or(|path| planned.path == path)
            });
            let Some(planned) = of_job else { continue };
            if !planned.permissions.allow("id-token", Access::Write) {
                continue;
            }
            let (url, token) = self.request(world, identify(planned), planned)?;
            let Some(job) = job.as_mapping_mut() else {
                continue;
            };
            let env = job
                .entry("env".into())
                .or_insert_with(|| Mapping::new().into());
            let env = env
                .as_mapping_mut()
                .ok_or_else(|| format!("the env of job {} is no mapping", planned.id))?;
            env.insert("ACTIONS_ID_TOKEN_REQUEST_URL".into(), url.into());
            env.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN".into(), token.into());
        }
        Ok(())
    }

    /// Address and token for OIDC tokens of a job: plain texts, or expressions that choose by the environment's name.
    fn request(
        &mut self,
        world: &World,
        identity: JobIdentity,
        job: &Planned,
    ) -> Result<(String, String), String> {
        let mut allow = |environment: Option<&str>| {
            let mut identity = identity.clone();
            identity.environment = environment.map(str::to_owned);
            let (url, token) = world.oidc.allow(identity);
            self.masks.push(token.clone());
            (url, token)
        };
        let Some(environment) = &job.environment else {
            return Ok(allow(None));
        };
        if !environment.contains("${{") {
            return Ok(allow(Some(environment)));
        }
        let expression = environment
            .trim()
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
            .filter(|expression| !expression.contains("${{"))
            .ok_or_else(|| {
                format!(
                    "job {}: an environment is a name or one expression here",
                    job.id
                )
            })?;
        let names = world
            .github
            .repository(&identity.repository)
            .map(|repository| repository.options.environments)
            .unwrap_or_default();
        let mut urls = BTreeMap::new();
        let mut tokens = BTreeMap::new();
        for name in names {
            let (url, token) = allow(Some(&name));
            urls.insert(name.clone(), url);
            tokens.insert(name, token);
        }
        let choose = |values: &BTreeMap<String, String>| {
            let json = serde_json::to_string(values)
                .unwrap_or_default()
                .replace('\'', "''");
            format!("${{{{ fromJSON('{json}')[{expression}] }}}}")
        };
        Ok((choose(&urls), choose(&tokens)))
    }

    /// Rewrites what a document uses, and notes which repositories act has to find on this machine.
    fn note(&mut self, settings: &RunSettings, value: &mut Value, place: Place) {
        match value {
            Value::Sequence(items) => {
                for item in items {
                    self.note(settings, item, place);
                }
            }
            Value::Mapping(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(uses) if name.as_str() == Some("uses") => {
                            self.note_use(settings, uses, place);
                        }
                        other => self.note(settings, other, place),
                    }
                }
            }
            Value::String(text) if text.contains("secrets.GITHUB_TOKEN") => {
                *text = text.replace("secrets.GITHUB_TOKEN", "github.token");
            }
            _ => {}
        }
    }

    fn note_use(&mut self, settings: &RunSettings, uses: &mut String, place: Place) {
        if let Some(path) = uses.strip_prefix("$/") {
            *uses = match place {
                Place::Product => format!("{}/{path}@{SELF_REF}", settings.product_name),
                Place::Consumer => format!("./{path}"),
            };
        }
        let Some((path, reference)) = uses.split_once('@') else {
            return;
        };
        let name: Vec<&str> = path.splitn(3, '/').take(2).collect();
        let name = name.join("/");
        if name == settings.product_name {
            // The folder is filled in at the end.
            self.local.entry(format!("{name}@{reference}")).or_default();
        }
        for (stands_for, folder) in &settings.local_actions {
            if *stands_for == name {
                self.own_checkout |= name == "actions/checkout";
                self.local
                    .insert(format!("{name}@{reference}"), folder.clone());
            }
        }
    }
}

/// A clone of the repository at the run's commit, whose remote is this GitHub.
async fn checkout(
    world: &World,
    repository: &Repository,
    run: &Run,
    target: &Path,
) -> Result<PathBuf, String> {
    let (from, to) = (
        repository.git.dir.to_string_lossy(),
        target.to_string_lossy(),
    );
    let remote = format!("{}/{}.git", world.urls.github, run.repository);
    let mut commands: Vec<Vec<&str>> = vec![
        vec![
            "clone",
            "-q",
            "--no-checkout",
            "--no-local",
            "--",
            &from,
            &to,
        ],
        vec!["-C", &to, "fetch", "-q", "origin", &run.sha],
    ];
    match run.git_ref.strip_prefix("refs/heads/") {
        Some(branch) => commands.push(vec!["-C", &to, "checkout", "-q", "-B", branch, &run.sha]),
        None => commands.push(vec!["-C", &to, "checkout", "-q", "--detach", &run.sha]),
    }
    commands.push(vec!["-C", &to, "remote", "set-url", "origin", &remote]);
    for command in commands {
        git::output(git::command(&command), None)
            .await
            .map_err(|error| format!("could not check out {}: {}", run.sha, error.0))?;
    }
    Ok(target.to_owned())
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

/// The YAML files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|end| end == "yml" || end == "yaml")
        {
            found.push(path);
        }
    }
    found
}

fn parse(file: &Path) -> Result<Value, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| told(&error))?;
    serde_yaml::from_str(&text).map_err(|error| told(&error))
}

/// Writes a value as YAML, readable by this user only.
pub(super) fn write(file: &Path, value: &impl serde::Serialize) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| told(&error))?;
    }
    let text = serde_yaml::to_string(value).map_err(|error| told(&error))?;
    std::fs::write(file, text).map_err(|error| told(&error))?;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file, mode).map_err(|error| told(&error))
}
