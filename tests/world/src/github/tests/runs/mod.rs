//! Workflow runs through act.

mod cancel;
mod chain;
mod environments;
mod rules;
mod shipped;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{REPOSITORY, Reply, Scene, git};
use crate::github::{GitHub, Job, RepositoryOptions, Run, RunSettings};

const PRODUCT: &str = "keycloak-ecs-actions/keycloak-ecs-actions";

/// A scene that executes runs. The product's workflows are the real ones; its actions write down what they are given.
struct Stage {
    scene: Scene,
    clone: PathBuf,
    recorded: PathBuf,
}

/// Outputs of the recorders.
const OUTPUTS: [(&str, &[(&str, &str)]); 7] = [
    ("aws-login", &[("registry", "registry.example")]),
    ("verify-providers", &[("count", "26"), ("findings", "0")]),
    ("bump-tag", &[("tag", "1.0.0"), ("alias", "1.0.0-kc26.7.5")]),
    ("build-image", &[("digest", "sha256:0123")]),
    ("update-tfvar", &[("pull-request-url", "http://pull/1")]),
    ("deploy-service", &[("outcome", "deployed")]),
    ("check-cluster", &[]),
];

/// Names of the inputs that the product's workflows give to an action.
fn given(product: &Path, action: &str) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::new();
    for file in std::fs::read_dir(product.join(".github/workflows")).expect("a folder") {
        let text = std::fs::read_to_string(file.expect("an entry").path()).expect("a workflow");
        let workflow: Value = serde_yaml::from_str(&text).expect("YAML");
        let jobs = workflow["jobs"].as_object().into_iter().flatten();
        let steps = jobs.flat_map(|(_, job)| job["steps"].as_array().cloned().unwrap_or_default());
        for step in steps.filter(|step| step["uses"] == format!("$/actions/{action}")) {
            for (name, _) in step["with"].as_object().into_iter().flatten() {
                names.insert(name.clone(), json!({"description": name}));
            }
        }
    }
    names
}

/// An action that appends its inputs to a file, one JSON object a line.
fn recorder(product: &Path, name: &str, outputs: &[(&str, &str)]) -> Value {
    let said: String = outputs
        .iter()
        .map(|(name, value)| format!("echo '{name}={value}' >>\"$GITHUB_OUTPUT\"\n"))
        .collect();
    let outputs: BTreeMap<&str, Value> = outputs
        .iter()
        .map(|(name, _)| {
            let value = format!("${{{{ steps.record.outputs.{name} }}}}");
            (*name, json!({"description": name, "value": value}))
        })
        .collect();
    json!({
        "name": name,
        "description": "recorder",
        "inputs": given(product, name),
        "outputs": outputs,
        "runs": {"using": "composite", "steps": [{
            "id": "record",
            "shell": "bash",
            "env": {"GIVEN": "${{ toJSON(inputs) }}", "NAME": name},
            "run": format!("printf '%s %s\\n' \"$NAME\" \"$(tr -d '\\n' <<<\"$GIVEN\")\" >>\"$RECORD\"\n{said}echo \"### $NAME\" >>\"$GITHUB_STEP_SUMMARY\"\n"),
        }]},
    })
}

impl Stage {
    /// A consumer repository with the shipped callers, not pushed yet.
    async fn shipped(options: RepositoryOptions) -> Self {
        let stage = Self::new(options).await;
        let callers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
        copy(&callers, &stage.clone.join(".github/workflows"));
        stage
    }

    /// A consumer repository whose only workflow is this one, pushed to `main`.
    async fn with(options: RepositoryOptions, workflow: &str) -> Self {
        let stage = Self::new(options).await;
        stage.file(".github/workflows/own.yml", workflow);
        stage.push("main", "Add a workflow").await;
        stage
    }

    async fn new(options: RepositoryOptions) -> Self {
        let scene = Scene::new(options).await;
        let folder = scene.folder.path().to_owned();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let product = folder.join("product");
        copy(
            &repository.join(".github/workflows"),
            &product.join(".github/workflows"),
        );
        for (name, outputs) in OUTPUTS {
            let action = recorder(&product, name, outputs).to_string();
            write(
                &product.join("actions").join(name).join("action.yml"),
                &action,
            );
        }
        let recorded = folder.join("recorded");
        let remote = scene.remote(&scene.person, REPOSITORY);
        git(&folder, &["clone", "-q", &remote, "clone"])
            .await
            .expect("a clone");
        let environment = [("RECORD", recorded.to_string_lossy().into_owned())];
        let settings = RunSettings {
            product,
            product_name: PRODUCT.to_owned(),
            extra_env: environment
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            extra_path: vec![folder.join("bin")],
            ..RunSettings::default()
        };
        GitHub::run_workflows(&scene.world, settings);
        let clone = folder.join("clone");
        Self {
            scene,
            clone,
            recorded,
        }
    }

    /// A program that steps find on their PATH.
    fn program(&self, name: &str, text: &str) {
        script(&self.scene.folder.path().join("bin").join(name), text);
    }

    /// Opens a pull request of a branch.
    async fn propose(&self, token: &str, head: &str) {
        let body = json!({"title": format!("Merge {head}"), "head": head, "base": "main"});
        let made = self.scene.post(token, "/pulls", body).await;
        assert_eq!(made.status, 201, "{made:?}");
    }

    async fn dispatch(&self, workflow: &str, inputs: Value) -> Reply {
        let path = format!("/actions/workflows/{workflow}/dispatches");
        self.scene
            .post(
                &self.scene.person,
                &path,
                json!({"ref": "main", "inputs": inputs}),
            )
            .await
    }

    /// The only run, which ended like this.
    async fn only(&self, conclusion: &str) -> Run {
        let mut runs = self.ended().await;
        assert_eq!(runs.len(), 1, "{:#?}", self.decisions());
        let run = runs.remove(0);
        assert_eq!(run.conclusion.as_deref(), Some(conclusion), "{}", log(&run));
        run
    }

    /// Commits all files of the clone and pushes them to a branch.
    async fn push(&self, branch: &str, message: &str) {
        for args in [
            &["checkout", "-q", "-B", branch][..],
            &["add", "--all"],
            &["commit", "-q", "-m", message],
            &["push", "-q", "--set-upstream", "origin", branch],
        ] {
            git(&self.clone, args).await.expect("git");
        }
    }

    fn file(&self, path: &str, text: &str) {
        write(&self.clone.join(path), text);
    }

    /// All runs, when none is in progress any more.
    async fn ended(&self) -> Vec<Run> {
        let world = &self.scene.world;
        assert!(
            GitHub::idle(world, Duration::from_secs(300)).await,
            "{:?}",
            world.github.runs()
        );
        world.github.runs()
    }

    /// Names and inputs that the actions were given.
    fn recorded(&self) -> Vec<(String, Value)> {
        let text = std::fs::read_to_string(&self.recorded).unwrap_or_default();
        let entry = |line: &str| {
            let (name, inputs) = line.split_once(' ').expect("a name");
            (name.to_owned(), serde_json::from_str(inputs).expect(line))
        };
        text.lines().map(entry).collect()
    }

    fn decisions(&self) -> Vec<String> {
        let decisions = self.scene.world.github.decisions();
        let shown = |decision: &crate::github::Decision| {
            format!(
                "{} {}: {}",
                decision.event, decision.workflow, decision.reason
            )
        };
        decisions.iter().map(shown).collect()
    }
}

/// What the steps of a run wrote, behind what is known of the run.
fn log(run: &Run) -> String {
    let log = std::fs::read_to_string(&run.log_path).unwrap_or_default();
    let (jobs, told) = (&run.jobs, &run.annotations);
    format!(
        "{:?} {:?}\n{jobs:#?}\n{told:#?}\n{log}",
        run.conclusion, run.reason
    )
}

/// Names and conclusions of the jobs.
fn jobs(run: &Run) -> Vec<(&str, &str)> {
    let mut shown = Vec::new();
    for Job {
        name, conclusion, ..
    } in &run.jobs
    {
        shown.push((name.as_str(), conclusion.as_deref().unwrap_or_default()));
    }
    shown
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    write(path, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("a program");
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.extension().is_some_and(|end| end == "yml") {
            write(
                &to.join(name),
                &std::fs::read_to_string(&path).expect("a file"),
            );
        }
    }
}
