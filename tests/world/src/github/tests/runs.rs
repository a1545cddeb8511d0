//! Workflow runs through act.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{REPOSITORY, Scene, git};
use crate::github::{GitHub, RepositoryOptions, Run, RunSettings};

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
    ("verify-providers", &[]),
    ("bump-tag", &[("tag", "1.0.0"), ("alias", "1.0.0-kc26.7.5")]),
    ("build-image", &[("digest", "sha256:0123")]),
    ("update-tfvar", &[("pull-request-url", "http://pull/1")]),
    ("deploy-service", &[("outcome", "deployed")]),
    ("check-cluster", &[]),
];

/// An action that appends its inputs to a file, one JSON object a line.
fn recorder(repository: &Path, name: &str, outputs: &[(&str, &str)]) -> Value {
    let real = repository.join("actions").join(name).join("action.yml");
    let real = std::fs::read_to_string(real).unwrap_or_default();
    let real: Value = serde_yaml::from_str(&real).unwrap_or_default();
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
        "inputs": real.get("inputs").cloned().unwrap_or_else(|| json!({"operation": {"description": "any"}})),
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
            let action = recorder(&repository, name, outputs).to_string();
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
        let settings = RunSettings {
            product,
            product_name: PRODUCT.to_owned(),
            extra_env: BTreeMap::from([(
                "RECORD".to_owned(),
                recorded.to_string_lossy().into_owned(),
            )]),
            ..RunSettings::default()
        };
        GitHub::run_workflows(&scene.world, settings);
        let clone = folder.join("clone");
        copy(
            &repository.join("workflows"),
            &clone.join(".github/workflows"),
        );
        Self {
            scene,
            clone,
            recorded,
        }
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
            GitHub::idle(world, Duration::from_secs(60)).await,
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

fn log(run: &Run) -> String {
    let log = std::fs::read_to_string(&run.log_path).unwrap_or_default();
    format!("{run:#?}\n{log}")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
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

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_caller_starts_the_shipped_workflow_of_a_pull_request() {
    let stage = Stage::new(RepositoryOptions::default()).await;
    stage.push("main", "Add the workflows").await;
    stage.file("docker/providers.yml", "providers: []\n");
    stage.push("bump", "Bump a provider").await;
    let body = json!({"title": "Bump a provider", "head": "bump", "base": "main"});
    let made = stage.scene.post(&stage.scene.person, "/pulls", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let runs = stage.ended().await;
    assert_eq!(runs.len(), 1, "{:#?}", stage.decisions());
    let run = &runs[0];
    assert_eq!(run.conclusion.as_deref(), Some("success"), "{}", log(run));
    assert_eq!(
        (run.event.as_str(), run.workflow_path.as_str()),
        ("pull_request", ".github/workflows/pull-request.yml")
    );
    let recorded = stage.recorded();
    let called: Vec<&str> = recorded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        called,
        [
            "verify-providers",
            "verify-providers",
            "build-image",
            "bump-tag"
        ],
        "{}",
        log(run)
    );
    assert_eq!(recorded[0].1["operation"], "fetch");
}
