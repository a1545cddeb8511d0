//! One run through act.
//!
//! act hands its whole environment to the steps, so that it is started with a small one of its own and a scratch HOME.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use super::log::Listener;
use super::model::{Job, Run, RunSettings};
use super::plan::{self, Planned};
use super::prepare::{Prepared, prepare, write};
use super::queue::tell;
use crate::World;
use crate::github::merge;
use crate::github::model::{Access, Permissions, Repository};
use crate::github::workflow::Workflow;

/// How a run ended.
struct End {
    conclusion: &'static str,
    reason: Option<String>,
}

/// Executes a run to its end, and then what waits for it.
pub(super) async fn execute(world: &Arc<World>, settings: &RunSettings, run: Run) {
    let (id, repository) = (run.id, run.repository.clone());
    let end = attempt(world, settings, &run)
        .await
        .unwrap_or_else(|reason| End {
            conclusion: "startup_failure",
            reason: Some(reason),
        });
    let progress = {
        let mut state = world.github.state();
        let Some(run) = state.runs.iter_mut().find(|run| run.id == id) else {
            return;
        };
        run.status = "completed";
        run.conclusion = Some(end.conclusion.to_owned());
        run.reason = end.reason;
        run.ended = Some(SystemTime::now());
        tell(run)
    };
    let _ = world.github.progress.send(progress);
    Box::pin(merge::auto_merge(world, &repository)).await;
    super::queue::wake(world);
}

async fn attempt(world: &Arc<World>, settings: &RunSettings, run: &Run) -> Result<End, String> {
    let repository = world
        .github
        .repository(&run.repository)
        .ok_or("the repository is gone")?;
    let workflow = Workflow {
        path: run.workflow_path.clone(),
        document: run.source.document.clone(),
    };
    let mut planned = plan::plan(&workflow, settings)?;
    let fork = run.source.event.from_fork;
    if fork {
        for job in &mut planned {
            job.permissions = for_fork(&job.permissions);
        }
    }
    let folder = run
        .log_path
        .parent()
        .ok_or("the log has no folder")?
        .to_owned();
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let prepared = prepare(world, &repository, settings, run, &planned, &folder).await?;
    let mut granted = Permissions::default();
    for job in &planned {
        granted.join(&job.permissions);
    }
    let token = world.github.job_token(&run.repository, run.id, granted);
    let cancel = Arc::new(Notify::new());
    world.github.state().cancels.insert(run.id, cancel.clone());
    let secrets = secrets(&repository, &prepared, &token, fork);
    let result = drive(
        world,
        settings,
        run,
        &repository,
        &prepared,
        &folder,
        &secrets,
        &cancel,
    )
    .await;
    world.github.revoke(&token);
    world.github.state().cancels.remove(&run.id);
    skip_unseen(world, run.id, &planned);
    result
}

/// A fork's pull request: what can be written can only be read, and there are no OIDC tokens.
fn for_fork(permissions: &Permissions) -> Permissions {
    let scopes = permissions.0.keys().filter(|scope| *scope != "id-token");
    Permissions(scopes.map(|scope| (scope.clone(), Access::Read)).collect())
}

fn secrets(
    repository: &Repository,
    prepared: &Prepared,
    token: &str,
    fork: bool,
) -> BTreeMap<String, String> {
    let mut secrets = match fork {
        true => BTreeMap::new(),
        false => repository.options.secrets.clone(),
    };
    secrets.insert("GITHUB_TOKEN".to_owned(), token.to_owned());
    // act masks secrets only.
    for (at, mask) in prepared.masks.iter().enumerate() {
        secrets.insert(format!("WORLD_MASK_{at}"), mask.clone());
    }
    secrets
}

#[expect(clippy::too_many_arguments, reason = "the parts of one command")]
async fn drive(
    world: &Arc<World>,
    settings: &RunSettings,
    run: &Run,
    repository: &Repository,
    prepared: &Prepared,
    folder: &Path,
    secrets: &BTreeMap<String, String>,
    cancel: &Notify,
) -> Result<End, String> {
    write(&folder.join("secrets.yml"), secrets)?;
    write(&folder.join("vars.yml"), &repository.options.variables)?;
    write(&folder.join("env.yml"), &environment(world, settings, run))?;
    // JSON is YAML, and act takes either.
    write(&folder.join("event.json"), &serde_json::Value::Null)?;
    std::fs::write(
        folder.join("event.json"),
        run.source.event.payload.to_string(),
    )
    .map_err(|error| error.to_string())?;
    let mut child = command(settings, run, prepared, folder)
        .spawn()
        .map_err(|error| format!("could not start act (WORLD_ACT, or act on PATH): {error}"))?;
    let stdout = child.stdout.take().ok_or("act has no output")?;
    let mut stderr = child.stderr.take().ok_or("act has no error output")?;
    let mut listener = Listener::new(world, run.id, &run.log_path, secrets.values())
        .map_err(|error| format!("{}: {error}", run.log_path.display()))?;
    let mut complaint = String::new();
    let mut cancelled = false;
    let mut lines = BufReader::new(stdout).lines();
    let hear = async {
        loop {
            tokio::select! {
                line = lines.next_line() => match line {
                    Ok(Some(line)) => listener.hear(&line),
                    _ => break,
                },
                () = cancel.notified() => {
                    cancelled = true;
                    interrupt(&child).await;
                }
            }
        }
    };
    let (_, told) = tokio::join!(hear, stderr.read_to_string(&mut complaint));
    told.map_err(|error| error.to_string())?;
    listener.complain(&complaint);
    let status = child.wait().await.map_err(|error| error.to_string())?;
    let reason = complaint.lines().last().map(|line| listener.mask(line));
    Ok(match (cancelled, status.success(), listener.jobs()) {
        (true, ..) => End {
            conclusion: "cancelled",
            reason: None,
        },
        (_, true, 0) => End {
            conclusion: "skipped",
            reason: None,
        },
        (_, true, _) => End {
            conclusion: "success",
            reason: None,
        },
        (_, false, 0) => End {
            conclusion: "startup_failure",
            reason,
        },
        _ => End {
            conclusion: "failure",
            reason,
        },
    })
}

/// SIGINT, on which act runs the steps with `always()` and `cancelled()`.
async fn interrupt(child: &Child) {
    if let Some(id) = child.id() {
        let _ = Command::new("kill")
            .args(["-INT", &id.to_string()])
            .status()
            .await;
    }
}

fn command(settings: &RunSettings, run: &Run, prepared: &Prepared, folder: &Path) -> Command {
    let act = std::env::var_os("WORLD_ACT").unwrap_or_else(|| OsString::from("act"));
    let home = folder.join("home");
    let _ = std::fs::create_dir_all(&home);
    let path = settings.extra_path.iter().cloned().chain(
        std::env::var_os("PATH")
            .iter()
            .flat_map(std::env::split_paths)
            .collect::<Vec<PathBuf>>(),
    );
    let mut command = Command::new(act);
    command
        .arg(&run.event)
        .arg("-W")
        .arg(&prepared.workflow)
        .args(["--json", "--no-cache-server", "--actor", &run.actor])
        .arg("--action-cache-path")
        .arg(folder.join("cache"))
        .arg("--eventpath")
        .arg(folder.join("event.json"))
        .arg("--secret-file")
        .arg(folder.join("secrets.yml"))
        .arg("--var-file")
        .arg(folder.join("vars.yml"))
        .arg("--env-file")
        .arg(folder.join("env.yml"));
    for label in &prepared.labels {
        command.arg("-P").arg(format!("{label}=-self-hosted"));
    }
    for (spec, folder) in &prepared.local {
        command
            .arg("--local-repository")
            .arg(format!("{spec}={}", folder.display()));
    }
    if prepared.own_checkout {
        command.arg("--no-skip-checkout");
    }
    command
        .current_dir(&prepared.checkout)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::join_paths(path).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What act takes for the run's facts, and what all steps see.
fn environment(world: &World, settings: &RunSettings, run: &Run) -> BTreeMap<String, String> {
    let owner = run.repository.split('/').next().unwrap_or_default();
    let pull = run.source.event.payload.get("pull_request");
    let end = |name: &str| {
        let branch = pull.and_then(|pull| pull.pointer(&format!("/{name}/ref")));
        branch
            .and_then(|branch| branch.as_str())
            .unwrap_or_default()
    };
    let short = ["refs/heads/", "refs/tags/", "refs/pull/"]
        .iter()
        .find_map(|start| run.git_ref.strip_prefix(start))
        .unwrap_or(&run.git_ref);
    let kind = match run.git_ref.starts_with("refs/tags/") {
        true => "tag",
        false => "branch",
    };
    let github = &world.urls.github;
    let mut environment: BTreeMap<String, String> = [
        ("GITHUB_REPOSITORY", run.repository.clone()),
        ("GITHUB_REPOSITORY_OWNER", owner.to_owned()),
        ("GITHUB_RUN_ID", run.id.to_string()),
        ("GITHUB_RUN_NUMBER", run.number.to_string()),
        ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
        ("GITHUB_REF", run.git_ref.clone()),
        ("GITHUB_REF_NAME", short.to_owned()),
        ("GITHUB_REF_TYPE", kind.to_owned()),
        ("GITHUB_BASE_REF", end("base").to_owned()),
        ("GITHUB_HEAD_REF", end("head").to_owned()),
        ("SHA_REF", run.sha.clone()),
        ("GITHUB_SERVER_URL", github.clone()),
        ("GITHUB_API_URL", format!("{github}/api")),
        ("GITHUB_GRAPHQL_URL", format!("{github}/api/graphql")),
        ("AWS_ENDPOINT_URL", world.urls.aws.clone()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    environment.extend(settings.extra_env.clone());
    environment
}

/// Jobs of which act told nothing were skipped, by their `if` or since a job before them failed.
fn skip_unseen(world: &World, id: u64, planned: &[Planned]) {
    let mut state = world.github.state();
    let Some(run) = state.runs.iter_mut().find(|run| run.id == id) else {
        return;
    };
    for job in planned {
        if !run.jobs.iter().any(|seen| seen.id == job.id) {
            run.jobs.push(Job {
                id: job.id.clone(),
                name: job.id.clone(),
                key: String::new(),
                conclusion: Some("skipped".to_owned()),
                started: None,
                ended: None,
                steps: Vec::new(),
            });
        }
    }
}
