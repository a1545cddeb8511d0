//! How jobs hang together: outputs, conditions, called workflows; and what they check out.

use super::super::client::git;
use super::{Stage, jobs, log};
use crate::github::RepositoryOptions;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_hand_on_outputs_and_skip_what_should_not_run() {
    let workflow = "
name: Chain
on: push
jobs:
  find:
    runs-on: ubuntu-24.04
    outputs: {names: '${{ steps.find.outputs.names }}', hidden: '${{ steps.find.outputs.hidden }}'}
    steps:
      - id: find
        run: |
          echo 'names=[\"a\",\"b\"]' >>\"$GITHUB_OUTPUT\"
          echo '::add-mask::sesame'
          echo 'hidden=open sesame' >>\"$GITHUB_OUTPUT\"
          echo '::warning file=a.txt,line=3,title=Careful::a%0Ab'
          echo 'sesame'
  each:
    needs: find
    strategy: {fail-fast: false, matrix: {name: '${{ fromJSON(needs.find.outputs.names) }}'}}
    runs-on: ubuntu-24.04
    steps:
      - run: 'echo \"each: $NAME hidden=[$HIDDEN]\"; echo \"# $NAME\" >>\"$GITHUB_STEP_SUMMARY\"; test \"$NAME\" != b'
        env: {NAME: '${{ matrix.name }}', HIDDEN: '${{ needs.find.outputs.hidden }}'}
  after: {needs: each, runs-on: ubuntu-24.04, steps: [{run: 'true'}]}
  report:
    needs: [each, after]
    if: ${{ !cancelled() && needs.each.result == 'failure' }}
    runs-on: ubuntu-24.04
    steps: [{run: 'echo \"report: $NEEDS\"', env: {NEEDS: '${{ needs.each.result }} ${{ needs.after.result }}'}}]
  never: {if: \"github.ref != 'refs/heads/main'\", runs-on: ubuntu-24.04, steps: [{run: 'true'}]}
";
    let stage = Stage::with(RepositoryOptions::default(), workflow).await;
    let run = stage.only("failure").await;
    let text = log(&run);
    let mut ended = jobs(&run);
    ended.sort_unstable();
    assert_eq!(
        ended,
        [
            ("after", "skipped"),
            ("each (a)", "success"),
            ("each (b)", "failure"),
            ("find", "success"),
            ("never", "skipped"),
            ("report", "success"),
        ],
        "{text}"
    );
    assert!(text.contains("each (a) | each: a hidden=[]"), "{text}");
    assert!(text.contains("report | report: failure skipped"), "{text}");
    assert!(
        text.contains("find | ***") && !text.contains("open sesame"),
        "{text}"
    );
    let told = &run.annotations[0];
    assert_eq!(
        (
            told.level.as_str(),
            told.title.as_str(),
            told.message.as_str()
        ),
        ("warning", "Careful", "a\nb")
    );
    assert_eq!(
        (
            told.file.as_deref(),
            told.line.as_deref(),
            told.job.as_str()
        ),
        (Some("a.txt"), Some("3"), "find")
    );
    let hidden = "Skip output 'hidden' since it may contain secret.";
    assert!(
        run.annotations.iter().any(|told| told.message == hidden),
        "{:?}",
        run.annotations
    );
    let summaries: Vec<&String> = run.jobs.iter().flat_map(|job| &job.summaries).collect();
    assert_eq!(summaries.len(), 2, "{summaries:?}");
    let listed = stage
        .scene
        .get(
            &stage.scene.person,
            &format!("/actions/runs/{}/jobs", run.id),
        )
        .await;
    assert_eq!(listed.body["total_count"], 6);
}

const CALLER: &str = "
name: Outer
on: push
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with: {flag: \"${{ github.ref == 'refs/heads/main' }}\", count: 2}
    secrets: {key: '${{ secrets.KEY }}'}
  after:
    needs: call
    runs-on: ubuntu-24.04
    steps: [{run: 'echo \"after: $TOLD\"', env: {TOLD: '${{ needs.call.outputs.told }} ${{ needs.call.result }}'}}]
";

const CALLED: &str = "
on:
  workflow_call:
    inputs: {flag: {type: boolean}, count: {type: number, default: 1}, text: {type: string, default: none}}
    secrets: {key: {required: true}}
    outputs: {told: {value: '${{ jobs.inner.outputs.told }}!'}}
jobs:
  inner:
    if: inputs.flag && inputs.count > 1
    runs-on: ubuntu-24.04
    outputs: {told: '${{ steps.tell.outputs.told }}'}
    steps:
      - id: tell
        run: 'echo \"told=$TEXT\" >>\"$GITHUB_OUTPUT\"; echo \"key=${#KEY} other=$OTHER workflow=$GITHUB_WORKFLOW\"'
        env: {TEXT: '${{ inputs.text }}-${{ inputs.count }}', KEY: '${{ secrets.key }}', OTHER: '${{ secrets.OTHER }}'}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_called_workflow_has_what_it_is_given_and_gives_back_what_it_declares() {
    let secrets = [
        ("KEY", "sesame-of-the-repository"),
        ("OTHER", "not-handed-on"),
    ];
    let options = RepositoryOptions {
        secrets: secrets
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..RepositoryOptions::default()
    };
    let stage = Stage::new(options).await;
    stage.file(".github/workflows/own.yml", CALLER);
    stage.file(".github/workflows/called.yml", CALLED);
    stage.push("main", "Call").await;
    let run = stage.only("success").await;
    let text = log(&run);
    assert_eq!(
        jobs(&run),
        [("call / inner", "success"), ("after", "success")],
        "{text}"
    );
    assert!(
        text.contains("call / inner | key=24 other= workflow=Outer"),
        "{text}"
    );
    assert!(text.contains("after | after: none-2! success"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_has_what_was_asked_for() {
    let workflow = "
on: push
permissions: {contents: read}
jobs:
  shallow:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - run: echo \"$(git rev-list --count HEAD) $(git branch --show-current) $(git rev-parse HEAD) $(git ls-remote origin main | wc -l)\"
  deep:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
        with: {fetch-depth: 0, persist-credentials: false, path: here}
      - run: cd here && echo \"$(git rev-list --count HEAD) $(git tag) $(GIT_TERMINAL_PROMPT=0 git ls-remote origin main | wc -l)\"
  other:
    runs-on: ubuntu-24.04
    steps: [{uses: actions/checkout@v7, with: {ref: v1}}, {run: 'echo \"at $(git log -1 --format=%s)\"'}]
  denied:
    permissions: {}
    runs-on: ubuntu-24.04
    steps: [{uses: actions/checkout@v7}]
";
    let options = RepositoryOptions {
        private: true,
        ..RepositoryOptions::default()
    };
    let stage = Stage::new(options).await;
    let tag = ["push", "-q", "origin", "HEAD:refs/tags/v1"];
    git(&stage.clone, &tag).await.expect("a tag");
    stage.file(".github/workflows/own.yml", workflow);
    stage.push("main", "Add a workflow").await;
    let run = stage.only("failure").await;
    let text = log(&run);
    for line in [
        format!("shallow | 1 main {} 1", run.sha),
        "deep | 2 v1 0".to_owned(),
        "other | at Write README.md".to_owned(),
        "denied | Error: could not fetch acme/idp".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
    let failed: Vec<_> = jobs(&run)
        .into_iter()
        .filter(|(_, end)| *end == "failure")
        .collect();
    assert_eq!(failed, [("denied", "failure")], "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_job_failed_is_told_at_the_job() {
    let workflow = "
on: push
jobs:
  exits: {runs-on: ubuntu-24.04, steps: [{run: 'exit 7'}]}
  unknown: {runs-on: ubuntu-24.04, steps: [{uses: foo/bar@v1}]}
  boxed: {runs-on: ubuntu-24.04, container: debian, steps: [{run: 'true'}]}
  empty: {runs-on: ubuntu-24.04, strategy: {matrix: {x: []}}, steps: [{run: 'true'}]}
  condition: {runs-on: ubuntu-24.04, if: nothing.x, steps: [{run: 'true'}]}
  invalid: {runs-on: ubuntu-24.04, steps: [{run: 'echo ${{ nothing.x }}'}]}
  missing: {runs-on: ubuntu-24.04, steps: [{uses: ./actions/none}]}
";
    let stage = Stage::with(RepositoryOptions::default(), workflow).await;
    let run = stage.only("failure").await;
    for (job, words) in [
        ("exits", "Process completed with exit code 7."),
        (
            "unknown",
            "Unable to resolve action foo/bar@v1, repository not found",
        ),
        ("boxed", "`container`: jobs run on this machine itself"),
        ("empty", "Matrix vector 'x' does not contain any values"),
        ("condition", "if: Unrecognized named-value: 'nothing'"),
        ("invalid", "Unknown Variable Access nothing"),
        (
            "missing",
            "failed to read 'action.yml' from action './actions/none'",
        ),
    ] {
        let told: Vec<&str> = run
            .annotations
            .iter()
            .filter(|told| told.job == job)
            .map(|told| told.message.as_str())
            .collect();
        assert!(
            matches!(told[..], [one] if one.contains(words)),
            "{job}: {told:?}"
        );
    }
    assert!(
        jobs(&run).iter().all(|(_, end)| *end == "failure"),
        "{}",
        log(&run)
    );
}
