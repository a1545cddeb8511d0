//! The story, stage by stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::story::Story;
use super::{act, login, providers};
use crate::{Settings, World};

/// Where the workflow of a job stands.
const WORKFLOW: &str = ".github/workflows/rehearsal.yml";

/// A fault to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The role trusts another environment than the job's.
    AccessDenied,
    /// A provider jar is changed between fetching and verifying.
    BadJar,
}

/// What a rehearsal is made from.
pub struct Script {
    /// Checkout of the product.
    pub product: PathBuf,
    /// Folder with the product's binaries.
    pub binaries: PathBuf,
    /// Folder that is kept between rehearsals.
    pub cache: PathBuf,
    /// Folder for everything that this rehearsal writes; emptied first.
    pub folder: PathBuf,
    pub fault: Option<Fault>,
}

impl Script {
    /// Plays all stages; whether each did its work.
    pub async fn play(&self) -> bool {
        let mut story = Story::default();
        story.say("stand-ins: GitHub's OIDC issuer and AWS STS (tests/world), act for the runner");
        story.say("not played yet: tags, push to ECR, the Terraform pull request, the deployment, the cluster");
        let mut summaries = Vec::new();
        let played = self.stages(&mut story, &mut summaries).await;
        let report = self.folder.join("report.md");
        let text = format!(
            "# Rehearsal\n\n{}\n{}\n",
            story.timeline(),
            summaries.join("\n")
        );
        if let Err(error) = std::fs::write(&report, text) {
            story.say(&format!("could not write {}: {error}", report.display()));
            return false;
        }
        story.say(&format!(
            "\n{}\nreport: {}",
            story.timeline(),
            report.display()
        ));
        played.is_ok() && story.succeeded()
    }

    async fn stages(&self, story: &mut Story, summaries: &mut Vec<String>) -> Result<(), String> {
        let product = absolute(&self.product)?;
        let folder = self.folder.clone();
        let world = story
            .stage("The account and its GitHub", async {
                if folder.exists() {
                    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
                }
                std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
                let world = World::start(Settings::new(folder.join("world")))
                    .await
                    .map_err(|error| error.to_string())?;
                let told = format!(
                    "account {} in {}",
                    world.settings.account, world.settings.region
                );
                Ok((world, told))
            })
            .await?;
        let folder = absolute(&folder)?;
        let checkout = story
            .stage("A checkout of the actions", async {
                let copy = act::rewritten_copy(&product, &folder.join("checkout")).await?;
                for command in [
                    ["init", "--quiet", "--initial-branch=main"],
                    ["add", "--all", "."],
                    ["commit", "--quiet", "--message=Checkout"],
                ] {
                    super::shell::git(&copy, &command).await?;
                }
                let told = "uses: $/ rewritten to ./, which act knows".to_owned();
                Ok((copy, told))
            })
            .await?;
        let trusted = match self.fault {
            Some(Fault::AccessDenied) => "staging",
            _ => "production",
        };
        login::grant(&world, trusted);
        let job = Job {
            checkout: &checkout,
            scratch: folder.join("act"),
            binaries: absolute(&self.binaries)?,
            jars: folder.join("jars"),
        };
        let jars = job.jars.clone();
        let names = absolute(&self.cache)?.join("class-names");
        story
            .stage("A job fetches and verifies the provider jars", async {
                let steps = providers::steps(self.fault == Some(Fault::BadJar), &names);
                let ended = job.play(steps, BTreeMap::new()).await?;
                summaries.extend(ended.summaries.clone());
                let told =
                    "real jars from Maven Central against lock, Keycloak and each other".to_owned();
                ended.verdict(told)
            })
            .await?;
        story
            .stage("The image is built with these jars", async {
                let told = providers::build_image(&product, &checkout, &jars).await?;
                Ok(((), told))
            })
            .await?;
        story
            .stage("A job logs in to AWS and out again", async {
                let ended = job
                    .play(login::steps(&world), login::environment(&world))
                    .await?;
                summaries.extend(ended.summaries.clone());
                let calls = world.journal.count("sts", "AssumeRoleWithWebIdentity");
                ended.verdict(format!(
                    "{calls} call of STS, token verified against the trust policy"
                ))
            })
            .await
    }
}

/// What every job of the rehearsal is run with.
struct Job<'a> {
    checkout: &'a Path,
    scratch: PathBuf,
    binaries: PathBuf,
    jars: PathBuf,
}

impl Job<'_> {
    /// Runs a workflow of one job with these steps behind a checkout.
    async fn play(
        &self,
        steps: Value,
        environment: BTreeMap<String, String>,
    ) -> Result<act::Ended, String> {
        let mut all = vec![json!({"name": "Check out", "uses": "actions/checkout@v7"})];
        all.extend(steps.as_array().cloned().unwrap_or_default());
        let workflow = json!({
            "name": "Rehearsal",
            "on": "push",
            "jobs": {"job": {"runs-on": "ubuntu-24.04", "environment": "production", "steps": all}},
        });
        let file = self.checkout.join(WORKFLOW);
        // JSON is YAML too.
        std::fs::write(&file, workflow.to_string())
            .map_err(|error| format!("could not write {}: {error}", file.display()))?;
        let folder = |path: &Path| path.to_string_lossy().into_owned();
        let mut environment = environment;
        environment.extend([
            ("KECS_BIN_DIR".to_owned(), folder(&self.binaries)),
            ("KEEP".to_owned(), folder(&self.jars)),
        ]);
        let run = act::Run {
            checkout: self.checkout,
            workflow: WORKFLOW,
            event: "push",
            scratch: &self.scratch,
            environment,
        };
        let teller = Story::default();
        run.play(|step, result| teller.say(&format!("    {step}: {result}")))
            .await
    }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))
}
