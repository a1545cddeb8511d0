//! The story without a fault, act by act. People act; the world alone starts runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::account::{self, BUCKET, NAME};
use super::consumer::{self, Person, REPOSITORY};
use super::report::{Report, tail};
use super::script::{Fault, Places};
use super::shell;
use super::story::Story;
use crate::github::{GitHub, Run, RunSettings};
use crate::oidc::SubjectForm;
use crate::{Settings, World};

/// `owner/name` of the product, as the callers of `workflows/` write it.
const PRODUCT: &str = "keycloak-ecs-actions/keycloak-ecs-actions";
/// Simulated seconds in one real second: a rollout of minutes takes seconds, and credentials outlive a cold image build.
const TIME_SCALE: f64 = 10.0;
/// Real time for all runs that one act of somebody starts.
const PATIENCE: Duration = Duration::from_secs(40 * 60);
/// The provider that the first pull request raises, before and after.
const PROVIDER: (&str, &str) = (
    "org.jgroups.aws:jgroups-aws:3.0.1.Final",
    "org.jgroups.aws:jgroups-aws:4.0.0.Final",
);

/// A team: its account, its repository, its people.
pub struct Company<'a> {
    pub story: &'a mut Story,
    pub report: &'a mut Report,
    pub world: Arc<World>,
    pub ada: Person,
    binaries: String,
    /// Runs that were looked at already.
    seen: usize,
}

impl<'a> Company<'a> {
    /// The account, the repository and its first two pushes.
    pub async fn found(
        story: &'a mut Story,
        report: &'a mut Report,
        places: &Places,
        fault: Option<Fault>,
    ) -> Result<Self, String> {
        let base = story
            .stage("The base image", async {
                let told = shell::run(
                    &places.product,
                    "tests/tools/base-image.sh",
                    &["--pull-first"],
                    &[],
                )
                .await?;
                let real = told.contains("source=registry");
                let told = match real {
                    true => "the official one",
                    false => "a stand-in, made from Keycloak's distribution in Maven Central",
                };
                Ok(((), told.to_owned()))
            })
            .await;
        base?;
        let world = story
            .stage("The AWS account and GitHub", async {
                let mut settings = Settings::new(places.folder.join("world"));
                settings.time_scale = TIME_SCALE;
                let world = World::start(settings)
                    .await
                    .map_err(|error| error.to_string())?;
                let told = format!(
                    "account {} in {}; time runs {TIME_SCALE} times as fast",
                    world.settings.account, world.settings.region
                );
                Ok((world, told))
            })
            .await?;
        let ada = story
            .stage("A new repository", Self::repository(&world, places, fault))
            .await?;
        Ok(Self {
            story,
            report,
            world,
            ada,
            binaries: places.binaries.to_string_lossy().into_owned(),
            seen: 0,
        })
    }

    async fn repository(
        world: &Arc<World>,
        places: &Places,
        fault: Option<Fault>,
    ) -> Result<(Person, String), String> {
        let repository = consumer::create(world).await?;
        let trusted = match fault {
            Some(Fault::AccessDenied) => "staging",
            _ => consumer::ENVIRONMENT,
        };
        let stack = account::create(world, &repository, trusted, &places.product, &places.folder)
            .map_err(|error| error.to_string())?;
        account::set_variables(world);
        GitHub::run_workflows(world, run_settings(places, &stack));
        let ada = Person::new(world, "ada", &places.folder).await?;
        ada.copy(&places.product, "docker", "docker").await?;
        ada.copy(&places.product, "terraform", "terraform").await?;
        ada.edit("docker/providers.yml", PROVIDER.1, PROVIDER.0)?;
        lock(&ada, &places.binaries.to_string_lossy()).await?;
        ada.push("main", "Keycloak image and Terraform stack")
            .await?;
        ada.copy(&places.product, "workflows", ".github/workflows")
            .await?;
        ada.push("main", "Workflows for Keycloak on ECS").await?;
        let told = format!(
            "{REPOSITORY}: docker/ and terraform/, then the workflows; nothing to run yet ({} decisions)",
            world.github.decisions().len()
        );
        Ok((ada, told))
    }

    /// Everything, until the new image serves and the nodes have found each other.
    pub async fn happy_path(&mut self) -> Result<(), String> {
        let number = self.raise_provider().await?;
        let tag = self.release(number).await?;
        self.deploy(tag).await
    }

    /// A pull request raises a provider; the checks run.
    pub async fn raise_provider(&mut self) -> Result<u64, String> {
        self.ada.branch("raise-jgroups-aws").await?;
        self.ada
            .edit("docker/providers.yml", PROVIDER.0, PROVIDER.1)?;
        lock(&self.ada, &self.binaries).await?;
        self.propose(
            "raise-jgroups-aws",
            "feat: raise jgroups-aws to 4.0.0.Final",
        )
        .await
    }

    /// Pushes a branch, opens a pull request, and waits for its checks.
    pub async fn propose(&mut self, branch: &str, title: &str) -> Result<u64, String> {
        self.ada.push(branch, title).await?;
        let number = self.ada.open(branch, title).await?;
        let title = format!("Pull request #{number} is checked");
        self.runs(&title, "pull-request.yml", |run, _| {
            says(
                run,
                &[
                    "verify-providers: 2",
                    "build-image: built",
                    "bump-tag: the next tag",
                ],
            )?;
            Ok(
                "jars from Maven Central verified, image built, next tag in the job summary"
                    .to_owned(),
            )
        })
        .await?;
        Ok(number)
    }

    /// A person merges the pull request: tag, image, and a pull request with the tag. Its number.
    pub async fn release(&mut self, number: u64) -> Result<u64, String> {
        let before = self.world.ecr.tags(NAME);
        self.ada.merge(number).await?;
        self.runs("The merge is released", "release.yml", move |_, world| {
            let tags: Vec<String> = world
                .ecr
                .tags(NAME)
                .into_iter()
                .filter(|tag| !before.contains(tag))
                .collect();
            let digest = tags
                .first()
                .and_then(|tag| world.ecr.image(NAME, tag))
                .map(|image| image.digest)
                .ok_or("no new tag is in the registry")?;
            Ok(format!("{} in the registry, {digest}", tags.join(" and ")))
        })
        .await?;
        let opened = self.world.github.pull_requests(REPOSITORY);
        let proposal = opened
            .iter()
            .rfind(|pull| pull.open && pull.author == "github-actions[bot]")
            .ok_or("the release opened no pull request")?;
        let verified = "provider jars verified, 0 findings";
        let body = proposal.body.as_deref().unwrap_or_default();
        if !body.contains(verified) {
            return Err(format!("#{} does not say \"{verified}\"", proposal.number));
        }
        Ok(proposal.number)
    }

    /// A person merges the pull request with the tag: terraform, the wait, the look at the cluster.
    pub async fn deploy(&mut self, number: u64) -> Result<(), String> {
        self.ada.merge(number).await?;
        self.runs("The tag is deployed", "deploy.yml", |run, world| {
            let nodes = world.ecs.running_tasks();
            let lists = world.s3.list(BUCKET, "").len();
            if (nodes.len(), lists) != (2, 1) {
                return Err(format!(
                    "{} nodes run, with {lists} peer lists",
                    nodes.len()
                ));
            }
            says(
                run,
                &[
                    "deploy-service: keycloak · wait · deployed",
                    "check-cluster: whole",
                ],
            )?;
            Ok("deployed: two nodes serve the new image, and share one peer list".to_owned())
        })
        .await
        .map(drop)
    }

    /// Folder of the product's binaries.
    pub fn binaries(&self) -> &str {
        &self.binaries
    }

    /// A pull request of the deploy workflow proposes the release before.
    pub async fn taken_back(&mut self) -> Result<(), String> {
        let pulls = self.world.github.pull_requests(REPOSITORY);
        let found = pulls
            .iter()
            .find(|pull| pull.open && pull.author == "github-actions[bot]");
        let told = found.map(|pull| format!("#{} {}", pull.number, pull.title));
        self.story
            .stage("A pull request takes the tag back", async {
                told.map(|told| ((), told))
                    .ok_or_else(|| "there is none".to_owned())
            })
            .await
    }

    /// Waits for the runs that an act started; the run of `workflow` must succeed and satisfy `check`.
    pub async fn runs(
        &mut self,
        title: &str,
        workflow: &str,
        check: impl FnOnce(&Run, &World) -> Result<String, String>,
    ) -> Result<Run, String> {
        let world = self.world.clone();
        let seen = self.seen;
        let teller = Story::default();
        let follow = follow(world.clone());
        let mut ended = Vec::new();
        let result = self
            .story
            .stage(title, async {
                if !GitHub::idle(&world, PATIENCE).await {
                    return Err(format!("runs are not over after {} s", PATIENCE.as_secs()));
                }
                follow.abort();
                ended = world.github.runs().split_off(seen);
                let Some(run) = ended
                    .iter()
                    .find(|run| run.workflow_path.ends_with(workflow))
                else {
                    return Err(not_started(&world, workflow));
                };
                if run.conclusion.as_deref() == Some("success") {
                    return check(run, &world).map(|told| (run.clone(), told));
                }
                for line in tail(run) {
                    teller.say(&format!("    {line}"));
                }
                Err(first_error(run))
            })
            .await;
        self.seen += ended.len();
        for run in &ended {
            self.report.add(run);
        }
        result
    }
}

/// The job summaries of a run must say all of this.
fn says(run: &Run, told: &[&str]) -> Result<(), String> {
    let summaries: Vec<&String> = run.jobs.iter().flat_map(|job| &job.summaries).collect();
    let missing = told
        .iter()
        .find(|told| !summaries.iter().any(|text| text.contains(**told)));
    missing.map_or(Ok(()), |told| {
        Err(format!("no job summary says \"{told}\""))
    })
}

/// Tells of each step that ends.
fn follow(world: Arc<World>) -> tokio::task::JoinHandle<()> {
    let mut progress = world.github.progress();
    tokio::spawn(async move {
        let teller = Story::default();
        while let Ok(change) = progress.recv().await {
            if let (Some(step), "completed") = (&change.step, change.status) {
                let result = change.conclusion.as_deref().unwrap_or("-");
                teller.say(&format!(
                    "    {} · {step}: {result} ({:.1} s)",
                    change.workflow, change.seconds
                ));
            }
        }
    })
}

fn not_started(world: &World, workflow: &str) -> String {
    let decisions = world.github.decisions();
    let decision = decisions
        .iter()
        .rfind(|decision| decision.workflow.ends_with(workflow));
    match decision {
        Some(decision) if decision.reason.contains("GITHUB_TOKEN") => format!(
            "{workflow} was not started: {}. Let a person or an App merge, or start {workflow} by hand",
            decision.reason
        ),
        Some(decision) => format!("{workflow} was not started: {}", decision.reason),
        None => format!("nothing happened that {workflow} waits for"),
    }
}

fn first_error(run: &Run) -> String {
    run.annotations
        .iter()
        .find(|annotation| annotation.level == "error")
        .map(|annotation| annotation.message.clone())
        .or_else(|| run.reason.clone())
        .unwrap_or_else(|| "the run failed".to_owned())
}

/// Writes the lock anew, at a terminal.
pub async fn lock(person: &Person, binaries: &str) -> Result<(), String> {
    let program = format!("{binaries}/verify-providers");
    let cleared = [("GITHUB_ACTIONS", "")];
    shell::run(&person.clone, &program, &["--operation", "lock"], &cleared)
        .await
        .map(drop)
}

fn run_settings(places: &Places, stack: &std::path::Path) -> RunSettings {
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let storage = std::env::var("CONTAINERS_STORAGE_CONF").unwrap_or_default();
    RunSettings {
        product: places.product.clone(),
        product_name: PRODUCT.to_owned(),
        extra_env: BTreeMap::from([
            ("KECS_BIN_DIR".to_owned(), text(&places.binaries)),
            ("KECS_TIME_SCALE".to_owned(), TIME_SCALE.to_string()),
            ("WORLD_STACK".to_owned(), text(stack)),
            ("CONTAINERS_STORAGE_CONF".to_owned(), storage),
            ("BUILDAH_ISOLATION".to_owned(), "chroot".to_owned()),
            ("RUNNER_TOOL_CACHE".to_owned(), text(&places.tools)),
        ]),
        extra_path: vec![places.product.join("tests/world/terraform")],
        subject: SubjectForm::Immutable,
        ..RunSettings::default()
    }
}
