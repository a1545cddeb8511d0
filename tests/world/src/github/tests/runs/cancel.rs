//! Concurrency groups, and cancelled runs.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use super::super::client::REPOSITORY;
use super::{PRODUCT, Stage, jobs, log, script, write};
use crate::github::{GitHub, RepositoryOptions};

/// Waits until a line is in the log of the only run in progress.
async fn told(stage: &Stage, line: &str) {
    let github = &stage.scene.world.github;
    for _ in 0..6000 {
        let logs = github
            .runs()
            .into_iter()
            .map(|run| std::fs::read_to_string(run.log_path).unwrap_or_default());
        if logs.collect::<String>().contains(line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "no run said {line:?}: {:?}",
        github.runs().iter().map(log).collect::<Vec<_>>()
    );
}

const SLOW: &str = "
on: push
jobs:
  slow:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          trap 'echo \"the step heard SIGINT\"; exit 3' INT
          echo started
          for _ in {1..600}; do sleep 0.1; done
      - run: echo 'the next step ran'
      - if: cancelled()
        run: echo 'cancelled() ran'
      - if: always()
        run: echo 'always() ran'
  next: {needs: slow, runs-on: ubuntu-24.04, steps: [{run: 'true'}]}
  last: {needs: slow, if: always(), runs-on: ubuntu-24.04, steps: [{run: 'echo \"last ran\"'}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_interrupts_its_step_and_cleans_up() {
    let stage = Stage::with(RepositoryOptions::default(), SLOW).await;
    told(&stage, "slow | started").await;
    let run = stage.scene.world.github.runs()[0].id;
    let path = format!("/repos/{REPOSITORY}/actions/runs/{run}/cancel");
    let person = &stage.scene.person;
    let cancelled = stage.scene.request(person, Method::POST, &path, None).await;
    assert_eq!(cancelled.status, 202);
    let run = stage.only("cancelled").await;
    let text = log(&run);
    assert_eq!(
        jobs(&run),
        [
            ("slow", "cancelled"),
            ("next", "cancelled"),
            ("last", "success")
        ],
        "{text}"
    );
    for line in [
        "the step heard SIGINT",
        "cancelled() ran",
        "always() ran",
        "last | last ran",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("slow | the next step ran"), "{text}");
}

const GROUPED: &str = "
on: {workflow_dispatch: {inputs: {name: {required: true}, wait: {type: boolean}}}}
concurrency: {group: '${{ inputs.name }}', cancel-in-progress: \"${{ inputs.name == 'hasty' }}\"}
jobs:
  job:
    runs-on: ubuntu-24.04
    steps: [{run: 'trap \"exit 3\" INT; echo \"$NAME started\"; for _ in {1..600}; do [[ $WAIT == false || -e $GO ]] && break; sleep 0.1; done', env: {NAME: '${{ inputs.name }}-${{ github.run_number }}', WAIT: '${{ inputs.wait }}', GO: '${{ github.event.repository.name }}'}}]
";

#[tokio::test(flavor = "multi_thread")]
async fn of_one_group_one_run_is_in_progress_and_one_waits() {
    let stage = Stage::with(RepositoryOptions::default(), GROUPED).await;
    let start = async |name: &str, wait: bool| {
        let inputs = json!({"name": name, "wait": wait.to_string()});
        assert_eq!(stage.dispatch("own.yml", inputs).await.status, 204);
    };
    start("calm", true).await;
    told(&stage, "calm-1 started").await;
    start("calm", false).await;
    start("calm", false).await;
    start("hasty", true).await;
    told(&stage, "hasty-4 started").await;
    start("hasty", false).await;
    told(&stage, "hasty-5 started").await;
    let github = &stage.scene.world.github;
    let first = github.runs()[0].id;
    assert_eq!(github.runs()[2].status, "queued");
    assert!(github.cancel(first));
    let runs = stage.ended().await;
    let ended: Vec<_> = runs
        .iter()
        .map(|run| run.conclusion.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(
        ended,
        ["cancelled", "cancelled", "success", "cancelled", "success"]
    );
    let reason = runs[1].reason.clone().unwrap_or_default();
    assert_eq!(
        reason,
        "Canceling since a higher priority waiting request for calm exists"
    );
    assert!(runs[1].started.is_none() && runs[1].jobs.is_empty());
}

const IN_JOBS: &str = "
on: push
jobs:
  one:
    strategy: {matrix: {at: [1, 2]}}
    concurrency: {group: 'deploy-${{ github.ref }}'}
    runs-on: ubuntu-24.04
    steps: [{run: 'mkdir \"$RECORD.d\" && sleep 0.3 && rmdir \"$RECORD.d\"'}]
  other: {runs-on: ubuntu-24.04, steps: [{run: 'true'}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_group_follow_each_other() {
    let stage = Stage::with(RepositoryOptions::default(), IN_JOBS).await;
    let run = stage.only("success").await;
    let mut ended = jobs(&run);
    ended.sort_unstable();
    assert_eq!(
        ended,
        [
            ("one (1)", "success"),
            ("one (2)", "success"),
            ("other", "success")
        ],
        "{}",
        log(&run)
    );
    // A run that is in a group can never enter it again.
    stage.file(
        ".github/workflows/own.yml",
        &format!("concurrency: deploy-refs/heads/main{}", IN_JOBS),
    );
    stage.push("main", "Ask twice").await;
    assert!(GitHub::idle(&stage.scene.world, Duration::from_secs(300)).await);
    let runs = stage.scene.world.github.runs();
    let run = runs.last().expect("a run");
    assert_eq!(run.conclusion.as_deref(), Some("failure"), "{}", log(run));
    assert!(
        run.annotations[0]
            .message
            .contains("a deadlock was detected"),
        "{:?}",
        run.annotations
    );
}

const LIMITED: &str = "
on: push
jobs:
  late:
    timeout-minutes: 0.03
    runs-on: ubuntu-24.04
    steps: [{run: 'trap \"exit 3\" INT; for _ in {1..600}; do sleep 0.1; done'}]
  each:
    strategy: {matrix: {name: [bad, slow]}}
    runs-on: ubuntu-24.04
    steps: [{run: 'trap \"exit 3\" INT; [[ $NAME == slow ]] || exit 1; for _ in {1..600}; do sleep 0.1; done', env: {NAME: '${{ matrix.name }}'}}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_and_a_failed_leg_cancel_what_is_in_progress() {
    let stage = Stage::with(RepositoryOptions::default(), LIMITED).await;
    let run = stage.only("failure").await;
    let mut ended = jobs(&run);
    ended.sort_unstable();
    assert_eq!(
        ended,
        [
            ("each (bad)", "failure"),
            ("each (slow)", "cancelled"),
            ("late", "cancelled")
        ],
        "{}",
        log(&run)
    );
    let why = "The job has exceeded the maximum execution time of 0.03 minutes.";
    assert!(
        run.annotations.iter().any(|told| told.message == why),
        "{:?}",
        run.annotations
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_composite_action_hears_it_and_a_step_that_always_runs_goes_on() {
    let stage = Stage::new(RepositoryOptions::default()).await;
    let actions = stage.scene.folder.path().join("product/actions");
    let action = json!({"name": "slow", "description": "slow", "runs": {"using": "composite", "steps": [
        {"shell": "bash", "run": "exec \"$GITHUB_ACTION_PATH/../slow.sh\""},
    ]}});
    write(&actions.join("slow/action.yml"), &action.to_string());
    let slow = "#!/bin/bash\ntrap 'echo \"the action heard SIGINT\"; exit 130' INT\necho 'the action started'\nfor _ in {1..600}; do sleep 0.1; done\n";
    script(&actions.join("slow.sh"), slow);
    let workflow = format!(
        "
on: push
jobs:
  job:
    runs-on: ubuntu-24.04
    steps:
      - uses: {PRODUCT}/actions/slow@v1
      - if: always()
        run: echo 'cleaning up'; sleep 1; echo 'cleaned up'
  other:
    runs-on: ubuntu-24.04
    steps:
      - if: always()
        run: echo 'unstoppable'; sleep 3; echo 'at its end'
"
    );
    stage.file(".github/workflows/own.yml", &workflow);
    stage.push("main", "Be slow").await;
    told(&stage, "job | the action started").await;
    told(&stage, "other | unstoppable").await;
    let run = stage.scene.world.github.runs()[0].id;
    assert!(stage.scene.world.github.cancel(run));
    let run = stage.only("cancelled").await;
    let text = log(&run);
    for line in ["the action heard SIGINT", "cleaned up", "at its end"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
