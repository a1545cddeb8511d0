//! What users see when something is wrong. Each of these ends with a stage that failed.

use serde_json::json;

use super::account::NAME;
use super::acts::{Company, lock};
use super::consumer::REPOSITORY;
use super::script::Fault;
use crate::ecs::Behaviour;

/// A provider that shadows the JGroups of Keycloak itself.
const SHADOW: &str = "org.jgroups:jgroups:5.5.2.Final";

/// A workflow that merges a pull request with the token of its run.
const MERGE_WORKFLOW: &str = r#"name: Merge
on:
  workflow_dispatch:
    inputs:
      number:
        required: true
permissions:
  contents: write
  pull-requests: write
jobs:
  merge:
    runs-on: ubuntu-24.04
    steps:
      - name: Merge with GITHUB_TOKEN
        shell: bash
        env:
          TOKEN: ${{ github.token }}
          NUMBER: ${{ inputs.number }}
        run: |
          curl --silent --show-error --fail-with-body --request PUT --header "Authorization: Bearer $TOKEN" \
            --data '{"merge_method":"squash"}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/pulls/$NUMBER/merge"
"#;

/// Plays the story up to the fault and what comes of it.
pub async fn play(company: &mut Company<'_>, fault: Fault) -> Result<(), String> {
    match fault {
        Fault::BadJar => bad_jar(company).await,
        // The role was made with the wrong trust policy at the start.
        Fault::AccessDenied => company.happy_path().await,
        Fault::CrashLoop => {
            let number = company.raise_provider().await?;
            let tag = company.release(number).await?;
            crash(company)?;
            company.deploy(tag).await
        }
        Fault::Rollback => rollback(company).await,
        Fault::SplitCluster => {
            company
                .world
                .nodes
                .conditions(|conditions| conditions.reachable = false);
            company.happy_path().await
        }
        Fault::Token => token(company).await,
    }
}

async fn bad_jar(company: &mut Company<'_>) -> Result<(), String> {
    company.ada.branch("add-jgroups").await?;
    let first = "providers:\n";
    let both = format!("{first}  # somebody followed an old recipe\n  - {SHADOW}\n");
    company.ada.edit("docker/providers.yml", first, &both)?;
    lock(&company.ada, company.binaries()).await?;
    company
        .propose("add-jgroups", "feat: add jgroups")
        .await
        .map(drop)
}

/// The Keycloak of the newest image ends soon after it has started.
fn crash(company: &Company<'_>) -> Result<(), String> {
    let tags = company.world.ecr.tags(NAME);
    let digest = tags
        .iter()
        .filter_map(|tag| company.world.ecr.image(NAME, tag))
        .max_by(|one, other| one.pushed_at.total_cmp(&other.pushed_at))
        .map(|image| image.digest)
        .ok_or("there is no image")?;
    let log = [
        "ERROR: Failed to start server in (production) mode",
        "ERROR: Unable to start HTTP server",
        "ERROR: java.net.UnknownHostException: keycloak-database.internal",
    ];
    let pattern = format!("*{digest}*");
    company
        .world
        .ecs
        .behave(&pattern, Behaviour::exits(1, 20.0).logging(log));
    Ok(())
}

async fn rollback(company: &mut Company<'_>) -> Result<(), String> {
    company.happy_path().await?;
    // This team leaves the verdict to ECS, whose circuit breaker then goes back to the first release.
    let caller = ".github/workflows/deploy.yml";
    company.ada.branch("main").await?;
    let input = "      environment: ${{ inputs.environment || '' }}\n";
    let both = format!("{input}      fail-fast: false\n");
    company.ada.edit(caller, input, &both)?;
    company
        .ada
        .push("main", "Leave the verdict on deployments to ECS")
        .await?;
    company.ada.branch("theme").await?;
    let css = "docker/themes/example/login/resources/css/example.css";
    company
        .ada
        .append(css, "\n#kc-header { letter-spacing: 0.1em; }\n")?;
    let number = company
        .propose("theme", "fix: letter spacing of the header")
        .await?;
    let tag = company.release(number).await?;
    crash(company)?;
    let deployed = company.deploy(tag).await;
    company.taken_back().await?;
    deployed
}

async fn token(company: &mut Company<'_>) -> Result<(), String> {
    company.ada.branch("main").await?;
    company
        .ada
        .write(".github/workflows/merge.yml", MERGE_WORKFLOW)?;
    company.ada.push("main", "A workflow that merges").await?;
    let number = company.raise_provider().await?;
    let tag = company.release(number).await?;
    company
        .ada
        .dispatch("merge.yml", json!({"number": tag.to_string()}))
        .await?;
    company
        .runs(
            "A workflow merges the tag with GITHUB_TOKEN",
            "merge.yml",
            |_, world| {
                let pulls = world.github.pull_requests(REPOSITORY);
                let merged = pulls
                    .iter()
                    .any(|pull| pull.number == tag && pull.merged.is_some());
                match merged {
                    true => Ok(format!("pull request #{tag} is merged")),
                    false => Err(format!("pull request #{tag} is not merged")),
                }
            },
        )
        .await?;
    company
        .runs("The tag is deployed", "deploy.yml", |_, _| {
            Ok("a merge with GITHUB_TOKEN started a run".to_owned())
        })
        .await
        .map(drop)
}
